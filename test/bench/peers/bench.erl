%% gen_server:call between two Erlang nodes: no hop. `client` prints calls, milliseconds, p50 and p99 in microseconds.
-module(bench).
-behaviour(gen_server).
-export([server/0, client/3, init/1, handle_call/3, handle_cast/2]).

server() -> {ok, _} = gen_server:start({local, bench}, ?MODULE, [], []), receive stop -> ok end.
init([]) -> {ok, []}.
handle_call(Body, _From, State) -> {reply, Body, State}.
handle_cast(_, State) -> {noreply, State}.

client(Size, InFlight, DurationMs) ->
    Body = binary:copy(<<7>>, Size),
    pong = net_adm:ping('server@127.0.0.1'),
    Self = self(),
    Start = erlang:monotonic_time(microsecond),
    Until = Start + DurationMs * 1000,
    [spawn_link(fun() -> Self ! {times, loop(Body, Until, [])} end) || _ <- lists:seq(1, InFlight)],
    Times = lists:sort(lists:append([receive {times, T} -> T end || _ <- lists:seq(1, InFlight)])),
    Count = length(Times),
    Elapsed = (erlang:monotonic_time(microsecond) - Start) / 1000,
    At = fun(Percent) -> lists:nth(max(1, Count * Percent div 100), Times) end,
    io:format("~p ~p ~p ~p~n", [Count, Elapsed, At(50), At(99)]),
    halt(0).

loop(Body, Until, Times) ->
    Begin = erlang:monotonic_time(microsecond),
    case Begin < Until of
        false -> Times;
        true ->
            Body = gen_server:call({bench, 'server@127.0.0.1'}, Body, 10000),
            loop(Body, Until, [erlang:monotonic_time(microsecond) - Begin | Times])
    end.
