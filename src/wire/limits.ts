/**
 * Every limit of the wire protocol, in one place (docs/protocol.md repeats them).
 */

export const MAGIC = 0x4b46;
export const PROTOCOL_VERSION = 1;
/** The lowest protocol that this release can still talk. */
export const PROTOCOL_MIN = 1;

export const HEADER_SIZE = 40;
/** The size field does not count itself. */
export const SIZE_FIELD_SIZE = 4;
/** Value of the size field for a frame with an empty body: the least that is allowed. */
export const FRAME_SIZE_MIN = HEADER_SIZE - SIZE_FIELD_SIZE;
/** Most that the size field may say before a link is ready, and after. */
export const FRAME_SIZE_MAX_HANDSHAKE = 4 * 1024;
export const FRAME_SIZE_MAX = 1024 * 1024;
export const BODY_SIZE_MAX = FRAME_SIZE_MAX - FRAME_SIZE_MIN;

export const HOPS_START = 8;
/** The runtime's own methods are below; a team's contracts start here. */
export const METHOD_TEAM_MIN = 1024;
export const METHOD_MAX = 0xffff;

export const CLUSTER_NAME_SIZE_MAX = 64;
export const TOPIC_NAME_SIZE_MAX = 128;
/** Encoded bytes of one state topic. */
export const TOPIC_SIZE_MAX = 256 * 1024;
/** State topics of a cluster: a list of all of them fits into one frame. */
export const TOPICS_MAX = 4096;
/** Nodes that one gateway can have attached: its route news fits into one frame. */
export const ATTACHED_MAX = 8192;
/** An epoch may rise by this much at once and no more. */
export const EPOCH_JUMP_MAX = 2 ** 20;
