using System.Collections.Concurrent;
using Milvus.Actors.Protocol;
using Milvus.Actors.Query;
using Milvus.Embedded.Shards;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;
using Milvus.StreamingNode;

namespace Milvus.Actors.Streaming.Reads;

/// <summary>
/// What readers on other nodes have open here: the growing segments of a channel as they were when the shard was opened. A session that nobody uses any more is forgotten after a while. Thread-safe.
/// </summary>
public sealed class ShardSessions : IDisposable
{
    private readonly ConcurrentDictionary<ulong, Session> _sessions = new();
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly ITimer _timer;
    private long _last;

    internal ShardSessions(ITimestampOracle oracle, TimeProvider time, StreamingOptions options)
    {
        _time = time;
        _patience = TimeSpan.FromMilliseconds(options.SessionMs);
        // Numbers of an earlier process at this address must not be mistaken for ours.
        _last = (long)oracle.Next().Value;
        _timer = time.CreateTimer(_ => Expire(), null, _patience / 4, _patience / 4);
    }

    public int Count => _sessions.Count;

    /// <summary>The reader of a session, and what it reads. Safe for concurrent calls.</summary>
    /// <exception cref="ShardMovedException">The session was closed, has expired, or is another process's.</exception>
    public (CollectionInfo Collection, ShardReader Reader) Get(ulong session)
    {
        if (!_sessions.TryGetValue(session, out var found)) throw new ShardMovedException($"session {session} is not open here (any more)");
        Volatile.Write(ref found.LastUse, _time.GetTimestamp());
        return (found.Collection, found.Reader);
    }

    /// <summary>Carries out a read of a session's rows: what the handler of <c>RpcMethod.ReadShard</c> passes on.</summary>
    /// <exception cref="ShardMovedException">The session is not open (any more).</exception>
    public ValueTask<ReadOnlyMemory<byte>> ReadAsync(ShardReadRequest request, FilterPlanCache filters, CancellationToken cancellation)
    {
        var (collection, reader) = Get(request.Session);
        return ShardOperations.ExecuteAsync(reader, collection, filters, request.Operation, request.Body.Memory, cancellation);
    }

    public void Close(ulong session) => _sessions.TryRemove(session, out _);

    public void Dispose() => _timer.Dispose();

    internal ulong Open(CollectionInfo collection, ShardView growing, Timestamp readAt)
    {
        var id = (ulong)Interlocked.Increment(ref _last);
        _sessions[id] = new Session(collection, new ShardReader(collection, growing, readAt)) { LastUse = _time.GetTimestamp() };
        return id;
    }

    private void Expire()
    {
        foreach (var (id, session) in _sessions)
            if (_time.GetElapsedTime(Volatile.Read(ref session.LastUse)) >= _patience) _sessions.TryRemove(id, out _);
    }

    private sealed class Session(CollectionInfo collection, ShardReader reader)
    {
        public long LastUse;

        public CollectionInfo Collection { get; } = collection;

        public ShardReader Reader { get; } = reader;
    }
}
