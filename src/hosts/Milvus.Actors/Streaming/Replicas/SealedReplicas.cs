using System.Collections.Immutable;
using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Streaming.Channels;
using Milvus.Coordinator.Replication;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Streaming.Replicas;

/// <summary>A change of what a channel's readers read, to be done in one step.</summary>
/// <param name="Served">The sealed segments from now on.</param>
/// <param name="Checkpoint">Growing segments that it covers leave in the same step; null when none may.</param>
/// <param name="Reading">The reading of the meta store that the step goes over to; null when it only takes segments out.</param>
/// <param name="CompleteFrom">Deletes up to this timestamp are folded into the files: older reads must not use them.</param>
internal sealed record ViewSwitch(ImmutableArray<ServedSegment> Served, ChannelCheckpoint? Checkpoint, StoredSegments? Reading, LoadScope Scope, Timestamp CompleteFrom);

/// <summary>
/// Decides which replicas of which sealed segments of one shard should be loaded, and when the readers' view may change over to them. No input or output of its own: it is told what happened and
/// says what to do. For one thread.
/// </summary>
/// <remarks>
/// The rows of a shard are always covered once: each growing segment by itself until a reading of the meta store shows a checkpoint that covers it, from then on by that reading's
/// manifests. Readings are consistent, so the view goes from one reading to the next as a whole, and only once every segment of the next one can be read somewhere.
/// </remarks>
internal sealed class SealedReplicas(ShardId shard, StreamingOptions options)
{
    private const int MaxReleases = 3;

    private readonly SortedDictionary<(long Segment, int Number), ReplicaSlot> _slots = [];
    private ImmutableArray<int> _numbers = [];
    private ImmutableArray<int> _earlier = [];
    private readonly HashSet<Address> _unreachable = [];
    private CollectionInfo? _info;
    private StoredSegments? _stored;
    private StoredSegments? _switched;
    private LoadScope _servedScope = LoadScope.None;
    private ImmutableArray<SegmentManifest> _desired = [];
    private GivenUp? _givenUp;

    /// <summary>The sealed segments of the view.</summary>
    public ImmutableArray<ServedSegment> Served { get; private set; } = [];

    /// <summary>Every replica that is to be told of deletes.</summary>
    public IEnumerable<Replica> Pushable =>
        _slots.Values.Where(s => s.Releases == 0).Select(s => s.Replica).OfType<Replica>().Where(r => !r.IsLost && !_unreachable.Contains(r.Node));

    /// <summary>Where readers may read each segment.</summary>
    public ImmutableDictionary<long, ImmutableArray<Replica>> Placements =>
        Pushable.Where(r => r.IsConfirmed).GroupBy(r => r.SegmentId).ToImmutableDictionary(g => g.Key, g => g.ToImmutableArray());

    public ImmutableArray<ReplicaStatus> Statuses => [.. _slots.Where(s => s.Value.Releases == 0).Select(s => Describe(s.Key.Segment, s.Key.Number, s.Value))];

    public void SetCollection(CollectionInfo info)
    {
        // Asked for anew, or something else: that may fit.
        if (info.Load != _info?.Load) _givenUp = null;
        _info = info;
        var numbers = ReplicaNumbers.Of(info.Load);
        // Numbers that still have a replica somewhere are remembered until nothing has them.
        _earlier = [.. _earlier.Union(_numbers).Except(numbers)];
        _numbers = numbers;
        _servedScope = _servedScope.Intersect(LoadScope.Of(info.Load));
        Decide();
    }

    /// <summary>A newer reading of the meta store.</summary>
    public void SetStored(StoredSegments stored)
    {
        _stored = stored;
        Decide();
    }

    public void Loaded(SegmentLoaded loaded)
    {
        if (_slots.TryGetValue((loaded.SegmentId, loaded.Replica), out var slot)) slot.Take(loaded);
    }

    /// <summary>A replica could not be loaded. When a load does not fit into the memory, what it has loaded so far is given back: half a collection serves nobody.</summary>
    public void LoadFailed(SegmentLoadFailed failed, long nowMs)
    {
        if (!_slots.TryGetValue((failed.SegmentId, failed.Replica), out var slot) || slot.Releases > 0) return;
        var failure = new MilvusException((ErrorCode)failed.Code, failed.Message);
        var isFull = failure.Code == ErrorCode.MemoryLimitExceeded;
        slot.Fail(failure, nowMs, isFull ? options.MemoryRetryMs : options.LoadRetryMs);
        if (isFull && !IsLoaded && SlotsOf(failed.SegmentId).All(s => s.Replica is not { IsLost: false })) _givenUp ??= new GivenUp(failure, nowMs);
    }

    /// <summary>The replica moves to another node: it stays readable for a while, and asking for it again loads it there.</summary>
    public void Moving(SegmentMoving moving)
    {
        if (_slots.TryGetValue((moving.SegmentId, moving.Replica), out var slot) && slot.Replica?.Incarnation == moving.Incarnation) slot.Move();
    }

    /// <summary>Looks at replicas that somebody else found lost.</summary>
    public void NoticeLost()
    {
        foreach (var slot in _slots.Values)
            if (slot.Replica is { IsLost: true }) slot.Drop();
    }

    public void NodeRemoved(Address node)
    {
        _unreachable.Remove(node);
        foreach (var slot in _slots.Values)
            if (slot.Replica is { } replica && replica.Node == node) replica.Lose();
        NoticeLost();
    }

    public void NodeUnreachable(Address node) => _unreachable.Add(node);

    public void NodeReachable(Address node) => _unreachable.Remove(node);

    /// <summary>What to tell replicas now; each call counts as telling them.</summary>
    /// <param name="trimmedTo">Deletes up to this sequence cannot be pushed any more: a replica without them has to read tombstone files.</param>
    public IReadOnlyList<ISegmentMessage> Step(long nowMs, long trimmedTo)
    {
        var messages = new List<ISegmentMessage>();
        if (_givenUp is { } given && nowMs - given.AtMs >= options.MemoryRetryMs) _givenUp = null;
        var wanted = Served.Select(s => s.SegmentId).ToHashSet();
        var desired = _givenUp is null ? _desired : _desired.RemoveAll(m => !wanted.Contains(m.SegmentId));
        foreach (var manifest in desired)
        {
            var indexes = IndexesOf(manifest);
            foreach (var number in _numbers)
            {
                var slot = SlotFor(manifest, number);
                if (slot.Replica is { } behind && behind.Applied < trimmedTo)
                {
                    behind.Lose();
                    slot.Drop();
                }
                if (!slot.IsBehind(indexes, _unreachable) || !slot.IsDue(nowMs)) continue;
                slot.Ask(nowMs, options.LoadRetryMs);
                messages.Add(new LoadSegment(shard.CollectionId, manifest.SegmentId, number, shard.Shard, indexes));
            }
        }
        wanted.UnionWith(desired.Select(m => m.SegmentId));
        foreach (var (key, slot) in _slots.ToList())
        {
            if (wanted.Contains(key.Segment) && (_numbers.Contains(key.Number) || IsStandIn(key.Segment, key.Number, slot, trimmedTo))) continue;
            if (slot.Releases > 0 && !slot.IsDue(nowMs)) continue;
            // Told more than once because telling is not certain.
            if (slot.Releases == MaxReleases)
            {
                _slots.Remove(key);
                continue;
            }
            slot.Release(nowMs, options.LoadRetryMs);
            messages.Add(new ReleaseSegment(shard.CollectionId, key.Segment, key.Number));
        }
        if (!_earlier.IsEmpty) _earlier = [.. _earlier.Where(number => _slots.Keys.Any(k => k.Number == number))];
        return messages;
    }

    /// <summary>The change that the view is ready for; null when there is none.</summary>
    public ViewSwitch? NextSwitch(long trimmedTo)
    {
        if (_info is null) return null;
        var scope = LoadScope.Of(_info.Load);
        if (_stored is not null && _desired.All(m => IsAvailable(m.SegmentId, trimmedTo)))
        {
            var target = _desired.Select(m => new ServedSegment(m.SegmentId, m.PartitionId)).ToImmutableArray();
            if (ReferenceEquals(_switched, _stored) && target.SequenceEqual(Served) && _servedScope.Covers(scope)) return null;
            var completeFrom = Timestamp.Zero;
            foreach (var m in _desired)
                if (m.DeletesAppliedTo > completeFrom) completeFrom = m.DeletesAppliedTo;
            return new ViewSwitch(target, _stored.CheckpointOf(shard.Shard), _stored, scope, completeFrom);
        }
        // What is not wanted can go at once: it may be the memory that the rest lacks.
        var kept = Served.RemoveAll(s => !scope.Includes(s.PartitionId) || _info.FindPartition(s.PartitionId) is null);
        return kept.Length == Served.Length ? null : new ViewSwitch(kept, null, null, scope, Timestamp.Zero);
    }

    /// <summary>The change has been done.</summary>
    public void Commit(ViewSwitch done)
    {
        Served = done.Served;
        if (done.Reading is null) return;
        _switched = done.Reading;
        _servedScope = done.Scope.Intersect(LoadScope.Of(_info?.Load));
    }

    public LoadProgress Progress(long trimmedTo)
    {
        if (_info?.Load is null) return new LoadProgress(LoadPhase.NotLoaded, 0);
        if (IsLoaded) return new LoadProgress(LoadPhase.Loaded, 100);
        if (_givenUp is { } given) return new LoadProgress(LoadPhase.Failed, 0, given.Failure);
        if (_stored is null) return new LoadProgress(LoadPhase.Loading, 0);
        long total = 0, done = 0;
        MilvusException? failure = null;
        foreach (var m in _desired)
        {
            total += m.TotalBytes;
            if (IsAvailable(m.SegmentId, trimmedTo)) done += m.TotalBytes;
            else failure ??= SlotsOf(m.SegmentId).Select(s => s.Failure).FirstOrDefault(f => f is not null);
        }
        var percent = (int)Math.Min(99, 100 * done / Math.Max(1, total));
        return failure is null ? new LoadProgress(LoadPhase.Loading, percent) : new LoadProgress(LoadPhase.Failed, percent, failure);
    }

    /// <summary>Releases of everything, for a collection that is gone.</summary>
    public IReadOnlyList<ReleaseSegment> ReleaseAll() => [.. _slots.Keys.Select(k => new ReleaseSegment(shard.CollectionId, k.Segment, k.Number))];

    // Once everything wanted was in view the load is complete; what is sealed later grows in view until it fits.
    private bool IsLoaded => _switched is not null && _info is { Load: { } load } && _servedScope.Covers(LoadScope.Of(load));

    private void Decide() => _desired = _info?.Load is { } load && _stored is not null
        ? [.. _stored.Segments.Where(m => m.Shard == shard.Shard && load.Includes(m.PartitionId)
            && _info.FindPartition(m.PartitionId) is not null && m.MaxTimestamp > _info.TruncatedAt)]
        : [];

    private ReplicaSlot SlotFor(SegmentManifest manifest, int number)
    {
        if (!_slots.TryGetValue((manifest.SegmentId, number), out var slot))
        {
            slot = new ReplicaSlot { Manifest = manifest };
            _slots.Add((manifest.SegmentId, number), slot);
        }
        if (slot.Releases > 0) slot.Revive();
        slot.Manifest = manifest;
        return slot;
    }

    private bool IsAvailable(long segmentId, long trimmedTo)
    {
        foreach (var slot in SlotsOf(segmentId))
            if (IsAvailable(slot, trimmedTo)) return true;
        return false;
    }

    private bool IsAvailable(ReplicaSlot slot, long trimmedTo) =>
        slot.Releases == 0 && slot.Replica is { IsReadable: true } r && r.Applied >= trimmedTo && !_unreachable.Contains(r.Node);

    // A replica that goes to another group serves where it was until it can be read there.
    private bool IsStandIn(long segmentId, int number, ReplicaSlot slot, long trimmedTo)
    {
        if (!IsAvailable(slot, trimmedTo)) return false;
        var position = ReplicaNumbers.Position(number);
        foreach (var successor in _numbers)
            if (ReplicaNumbers.Position(successor) == position) return !_slots.TryGetValue((segmentId, successor), out var next) || !IsAvailable(next, trimmedTo);
        return false;
    }

    private IEnumerable<ReplicaSlot> SlotsOf(long segmentId)
    {
        foreach (var numbers in new[] { _numbers, _earlier })
            foreach (var number in numbers)
                if (_slots.TryGetValue((segmentId, number), out var slot)) yield return slot;
    }

    private ReplicaStatus Describe(long segmentId, int number, ReplicaSlot slot)
    {
        var isReady = slot.Replica is { IsReadable: true } replica && !_unreachable.Contains(replica.Node);
        return new ReplicaStatus(segmentId, slot.Manifest.PartitionId, number, slot.Replica?.Node.ToString() ?? "", isReady, slot.Rows, slot.DeletedRows, slot.MemoryBytes);
    }

    // Files of indexes that were dropped are not loaded, so they are not waited for.
    private long[] IndexesOf(SegmentManifest manifest) => [.. manifest.Indexes.Select(f => f.IndexId).Where(id => _info!.Indexes.Any(i => i.Id == id))];

    private sealed record GivenUp(MilvusException Failure, long AtMs);
}
