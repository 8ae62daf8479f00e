using Akka.Actor;
using Milvus.Model;

namespace Milvus.Actors.Streaming.Replicas;

/// <summary>One place for a replica: what was asked for and what is known of it. For one thread.</summary>
internal sealed class ReplicaSlot
{
    private const int ShortRetryMs = 500;

    private long _askedAtMs = long.MinValue / 2;
    private long _retryMs;
    private bool _isMoving;

    public required SegmentManifest Manifest { get; set; }

    public Replica? Replica { get; private set; }

    public long[] IndexIds { get; private set; } = [];

    public long Rows { get; private set; }

    public long DeletedRows { get; private set; }

    public long MemoryBytes { get; private set; }

    public MilvusException? Failure { get; private set; }

    /// <summary>How often it was told that the replica is not wanted.</summary>
    public int Releases { get; private set; }

    public bool IsBehind(long[] indexes, HashSet<Address> unreachable) =>
        _isMoving || Replica is not { IsLost: false } || unreachable.Contains(Replica.Node) || indexes.Any(i => !IndexIds.Contains(i));

    public bool IsDue(long nowMs) => nowMs - _askedAtMs >= _retryMs;

    public void Ask(long nowMs, long retryMs)
    {
        _askedAtMs = nowMs;
        _retryMs = retryMs;
        Failure = null;
    }

    /// <summary>The replica is not where it was, or will not be: asks for it soon.</summary>
    public void AskSoon() => _retryMs = Math.Min(_retryMs, ShortRetryMs);

    public void Move()
    {
        _isMoving = true;
        AskSoon();
    }

    public void Drop()
    {
        Replica = null;
        AskSoon();
    }

    public void Release(long nowMs, long retryMs)
    {
        Releases++;
        _askedAtMs = nowMs;
        _retryMs = retryMs;
    }

    /// <summary>It is wanted again after it was released.</summary>
    public void Revive()
    {
        Releases = 0;
        Replica = null;
        _retryMs = 0;
    }

    public void Take(Messages.SegmentLoaded loaded)
    {
        var node = Address.Parse(loaded.Node);
        if (Replica is not { IsLost: false } known || known.Incarnation != loaded.Incarnation || known.Node != node)
            Replica = new Replica(loaded.SegmentId, loaded.Replica, node, loaded.Incarnation, loaded.AppliedDeletes);
        _isMoving = false;
        IndexIds = loaded.IndexIds;
        Rows = loaded.Rows;
        DeletedRows = loaded.DeletedRows;
        MemoryBytes = loaded.MemoryBytes;
        Failure = null;
    }

    public void Fail(MilvusException failure, long nowMs, long retryMs)
    {
        Failure = failure;
        _askedAtMs = nowMs;
        _retryMs = retryMs;
    }
}
