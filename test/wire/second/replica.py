"""The copies that a leaf holds, and what it has heard on one link: docs/protocol.md, section 9, rules 4 to 12.

Pure: takes what came in, gives the sync messages to answer with. Standard library only.
"""

import re

import wire

EPOCH_JUMP_MAX = 2**20
TOPICS_MAX = 4096
DISPUTE_TICKS = 10
ABSENT_GRACE_TICKS = 2
ABSENT_TICKS = 10
WANT_TICKS_MAX = 8
STATE_NAME = re.compile(r"^activity/cross_center:[1-9][0-9]*/[A-Za-z0-9._-]{1,64}$", re.ASCII)


def order(version):
    return (version["epoch"], version["revision"])


class Heard:
    def __init__(self, version):
        self.version = version
        self.ignored = False
        self.answer_at = None
        self.wants = 0


class Replica:
    """One link only, so what is heard and what is held live together."""

    def __init__(self, own_id):
        self.own_id = own_id
        self.copies = {}
        self.heard = {}
        self.list_heard = False
        self.ticks = 0
        self._absent_at = 0
        self._dispute = None

    def link_down(self):
        self.heard = {}
        self.list_heard = False
        self._dispute = None

    def heard_digest(self):
        return wire.digest({topic: heard.version for topic, heard in self.heard.items()})

    def applied_digest(self):
        return wire.digest({topic: copy["version"] for topic, copy in self.copies.items()})

    def receive(self, message):
        """The answers: sync messages."""
        kind = message["kind"]
        if kind == "list":
            return self._list(message["entries"])
        if kind == "snapshot":
            return self._snapshot(message["snapshot"])
        return []

    def _list(self, entries):
        before = self.heard
        self.heard = {}
        for entry in entries:
            known = before.get(entry["topic"])
            same = known is not None and known.version == entry["version"]
            self.heard[entry["topic"]] = known if same else Heard(entry["version"])
            self.heard[entry["topic"]].ignored = False
        if not self.list_heard:
            self._absent_at = self.ticks + ABSENT_GRACE_TICKS
        self.list_heard = True
        return self._messages([answer for topic in self.heard for answer in self._answer(topic)])

    def _snapshot(self, snapshot):
        topic, version = snapshot["topic"], snapshot["version"]
        heard = self.heard.get(topic)
        if heard is None or heard.version != version:
            heard = self.heard[topic] = Heard(version)
        heard.ignored = False
        if STATE_NAME.match(topic) is None:
            heard.ignored = True
            return []
        held = self.copies.get(topic)
        if held is not None and order(version) <= order(held["version"]):
            return self._messages(self._answer(topic))
        content = bytes.fromhex(snapshot["bytes"])
        good = wire.content_hash(content) == version["hash"] and snapshot["tombstone"] == (len(content) == 0)
        if held is None:
            good = good and len(self.copies) < TOPICS_MAX
        else:
            good = good and version["epoch"] - held["version"]["epoch"] <= EPOCH_JUMP_MAX
        if good:
            self.copies[topic] = snapshot
        else:
            heard.ignored = True
        return []

    def _answer(self, topic):
        """("want", topic) or ("report", topic, version), or nothing."""
        heard = self.heard[topic]
        if STATE_NAME.match(topic) is None:
            heard.ignored = True
            return []
        held = self.copies.get(topic)
        if held is not None and held["version"] == heard.version:
            return []
        if held is None or order(heard.version) > order(held["version"]):
            if held is not None and heard.version["epoch"] - held["version"]["epoch"] > EPOCH_JUMP_MAX:
                heard.ignored = True
                return []
            heard.answer_at = self.ticks + 1 + min(2**heard.wants, WANT_TICKS_MAX)
            heard.wants += 1
            return [("want", topic)]
        heard.answer_at = self.ticks + 2
        return [("report", topic, held["version"])]

    def beat(self, said_digest):
        heard = self.heard_digest()
        if said_digest == heard:
            self._dispute = None
            return []
        last = self._dispute
        if last is not None and last[:2] == (said_digest, heard) and self.ticks - last[2] < DISPUTE_TICKS:
            return []
        self._dispute = (said_digest, heard, self.ticks)
        return [{"kind": "relist"}]

    def tick(self):
        self.ticks += 1
        answers = []
        for topic, heard in self.heard.items():
            held = self.copies.get(topic)
            if heard.ignored:
                continue
            if held is not None and held["version"] == heard.version:
                heard.answer_at, heard.wants = None, 0
            elif heard.answer_at is None:
                heard.answer_at = self.ticks + 1
            elif self.ticks >= heard.answer_at:
                answers += self._answer(topic)
        if self.list_heard and self.ticks >= self._absent_at:
            self._absent_at = self.ticks + ABSENT_TICKS
            for topic in sorted(set(self.copies) - set(self.heard)):
                if self.copies[topic]["tombstone"]:
                    del self.copies[topic]
                else:
                    answers.append(("report", topic, self.copies[topic]["version"]))
        return self._messages(answers)

    def _messages(self, answers):
        messages = []
        wants = [answer[1] for answer in answers if answer[0] == "want"]
        reports = [answer for answer in answers if answer[0] == "report"]
        for at in range(0, len(wants), wire.ENTRIES_MAX):
            messages.append({"kind": "want", "topics": wants[at : at + wire.ENTRIES_MAX]})
        for at in range(0, len(reports), wire.REPORTS_MAX):
            rows = [self._report(topic, version) for _, topic, version in reports[at : at + wire.REPORTS_MAX]]
            messages.append({"kind": "report", "reports": rows})
        return messages

    def _report(self, topic, version):
        role, number = self.own_id
        return {"topic": topic, "reporterRole": role, "reporterNumber": number, "claims": [version]}
