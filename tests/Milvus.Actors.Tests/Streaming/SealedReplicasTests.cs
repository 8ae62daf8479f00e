using System.Collections.Immutable;
using Akka.Actor;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Streaming;
using Milvus.Actors.Streaming.Channels;
using Milvus.Actors.Streaming.Deletes;
using Milvus.Actors.Streaming.Replicas;
using Milvus.Coordinator.Replication;
using Milvus.Coordinator.Resources;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.StreamingNode;

namespace Milvus.Actors.Tests.Streaming;

public sealed class SealedReplicasTests
{
    /// <summary>
    /// Whatever happens in whatever order, the view covers each row of the shard exactly once from the moment the collection is loaded, and every
    /// sealed segment of it can be read once things settle.
    /// </summary>
    [Fact]
    public void Every_row_is_in_view_exactly_once()
    {
        for (var seed = 0; seed < 60; seed++)
        {
            var world = new World(seed);
            for (var step = 0; step < 150; step++)
            {
                world.Step();
                world.AssertView();
            }
            world.Settle();
            world.AssertView();
            Assert.Equal(LoadPhase.Loaded, world.State.Progress(0).Phase);
        }
    }

    [Fact]
    public void A_replica_without_deletes_that_cannot_be_pushed_any_more_is_loaded_again()
    {
        var world = new World(1);
        world.Settle();
        var segment = world.AddSealed(3);
        world.Settle();
        Assert.Contains(world.State.Served, s => s.SegmentId == segment);
        world.TrimmedTo = 1000;
        world.NowMs += 10_000;
        Assert.Contains(world.State.Step(world.NowMs, world.TrimmedTo), m => m is LoadSegment load && load.SegmentId == segment);
        Assert.DoesNotContain(segment, world.State.Placements.Keys);
    }

    [Fact]
    public void Memory_that_is_short_is_said_and_tried_again_later()
    {
        var world = new World(2) { FailWith = ErrorCode.MemoryLimitExceeded };
        world.AddSealed(3);
        world.Read();
        world.Deliver();
        var progress = world.State.Progress(0);
        Assert.Equal(LoadPhase.Failed, progress.Phase);
        Assert.Equal(ErrorCode.MemoryLimitExceeded, progress.Failure!.Code);
        world.FailWith = null;
        world.NowMs += 31_000;
        world.Settle();
        Assert.Equal(LoadPhase.Loaded, world.State.Progress(0).Phase);
    }

    [Fact]
    public void A_load_that_does_not_fit_gives_back_what_it_has_and_is_tried_again_whole()
    {
        var world = new World(3);
        var fits = world.AddSealed(3);
        world.FailOnly = world.AddSealed(3);
        world.FailWith = ErrorCode.MemoryLimitExceeded;
        world.Read();
        world.Deliver();
        Assert.Contains(world.State.Step(world.NowMs, 0), m => m is ReleaseSegment r && r.SegmentId == fits);
        world.NowMs += 20_000;
        Assert.DoesNotContain(world.State.Step(world.NowMs, 0), m => m is LoadSegment);
        var progress = world.State.Progress(0);
        Assert.Equal((LoadPhase.Failed, ErrorCode.MemoryLimitExceeded), (progress.Phase, progress.Failure!.Code));
        world.FailWith = null;
        world.NowMs += 11_000;
        Assert.Equal([fits, world.FailOnly.Value], world.State.Step(world.NowMs, 0).OfType<LoadSegment>().Select(m => m.SegmentId));
        world.Settle();
        Assert.Equal(LoadPhase.Loaded, world.State.Progress(0).Phase);
    }

    [Fact]
    public void A_replica_that_does_not_fit_beside_others_takes_nothing_from_them()
    {
        var world = new World(3);
        var served = world.AddSealed(3);
        world.Settle();
        world.FailOnly = world.AddSealed(3);
        world.FailWith = ErrorCode.MemoryLimitExceeded;
        world.Read();
        world.Deliver();
        Assert.DoesNotContain(world.State.Step(world.NowMs, 0), m => m is ReleaseSegment);
        Assert.Contains(world.State.Served, s => s.SegmentId == served);
        Assert.Equal(LoadPhase.Loaded, world.State.Progress(0).Phase);
    }

    [Fact]
    public void Releasing_empties_the_view_at_once_and_tells_every_replica()
    {
        var world = new World(3);
        var segment = world.AddSealed(3);
        world.Settle();
        world.SetLoad(null);
        world.Switch();
        Assert.Empty(world.State.Served);
        Assert.Contains(world.State.Step(world.NowMs, 0), m => m is ReleaseSegment r && r.SegmentId == segment);
        Assert.Equal(LoadPhase.NotLoaded, world.State.Progress(0).Phase);
    }

    [Fact]
    public void A_replica_that_goes_to_another_group_serves_until_it_can_be_read_there()
    {
        var world = new World(3);
        var segment = world.AddSealed(3);
        world.Settle();
        var (before, after) = (ReplicaNumbers.Of(0, ResourceGroupInfo.DefaultName), ReplicaNumbers.Of(0, "a"));
        Assert.Equal([before], world.State.Placements[segment].Select(r => r.Number));
        world.FailWith = ErrorCode.MemoryLimitExceeded;
        world.SetLoad(new LoadSpec { Replicas = 1, ResourceGroups = ["a"] });
        for (var i = 0; i < 3; i++)
        {
            world.NowMs += 31_000;
            world.Deliver();
            world.Switch();
            Assert.Equal([before], world.State.Placements[segment].Select(r => r.Number));
            Assert.Equal(LoadPhase.Loaded, world.State.Progress(0).Phase);
        }
        world.FailWith = null;
        world.Settle();
        Assert.Equal([after], world.State.Placements[segment].Select(r => r.Number));
        Assert.DoesNotContain(world.State.Statuses, s => s.Replica == before);
    }

    private sealed class World
    {
        private const long Partition = 5;
        private static readonly string[] s_groups = [ResourceGroupInfo.DefaultName, "a", "b"];

        private static readonly CollectionSchema s_schema = new(
        [
            new FieldSchema { Id = 100, Name = "key", Type = DataType.Int64, IsPrimaryKey = true },
        ]);

        private readonly Random _random;
        private readonly Oracle _oracle = new();
        private readonly ShardChannel _core;
        private readonly LiveChannel _live;
        private readonly Dictionary<long, List<long>> _rows = [];
        private readonly HashSet<long> _all = [];
        private readonly Queue<StoredSegments> _readings = new();
        private readonly List<LoadSegment> _asked = [];
        private readonly Dictionary<(long, int), SegmentLoaded> _loaded = [];
        private ImmutableArray<SegmentManifest> _manifests = [];
        private ChannelCheckpoint? _checkpoint;
        private CollectionInfo _info;
        private ViewSwitch? _pendingSwitch;
        private long _nextKey;
        private long _incarnation;
        private bool _wasLoaded;

        public World(int seed)
        {
            _random = new Random(seed);
            _info = new CollectionInfo
            {
                Id = 7,
                DatabaseId = 1,
                DatabaseName = "default",
                Name = "rows",
                Schema = s_schema,
                ShardCount = 1,
                Partitions = [new PartitionInfo(Partition, "_default", Timestamp.Zero)],
                Load = new LoadSpec { Replicas = 1 + (seed % 3) },
                CreatedAt = Timestamp.Zero,
                SchemaUpdatedAt = Timestamp.Zero,
            };
            var id = new ShardId(7, 0);
            _core = new ShardChannel(id, ChannelContext.Of(_info), _oracle, ChannelOptions.Default, null);
            _live = new LiveChannel(_core, _info, null, new ChannelHandle(id, ActorRefs.Nobody, StreamingOptions.Default), new DeleteLog(0));
            State = new SealedReplicas(id, StreamingOptions.Default);
            State.SetCollection(_info);
        }

        public SealedReplicas State { get; }

        public long NowMs { get; set; } = 1_000_000;

        public long TrimmedTo { get; set; }

        public ErrorCode? FailWith { get; set; }

        /// <summary>The only segment that fails; null for all.</summary>
        public long? FailOnly { get; set; }

        public void Step()
        {
            NowMs += _random.Next(2000);
            switch (_random.Next(13))
            {
                case 0 or 1 or 2:
                    Write();
                    break;
                case 3:
                    Seal();
                    break;
                case 4:
                    Compact();
                    break;
                case 5:
                    // A reading may be some changes old when it arrives, but they arrive in order.
                    _readings.Enqueue(Stored);
                    break;
                case 6 when _readings.TryDequeue(out var reading):
                    State.SetStored(reading);
                    break;
                case 7:
                    LoseNode();
                    break;
                case 8:
                    FailWith = _random.Next(6) switch { 0 => ErrorCode.SegmentLoadFailed, 1 => ErrorCode.MemoryLimitExceeded, _ => null };
                    break;
                case 9:
                    BeginSwitch();
                    break;
                case 10:
                    FinishSwitch();
                    break;
                case 11 when _random.Next(4) == 0:
                    SetLoad(_info.Load! with { ResourceGroups = [.. Enumerable.Range(0, _info.Load.Replicas).Select(_ => s_groups[_random.Next(s_groups.Length)])] });
                    break;
                default:
                    Deliver();
                    break;
            }
        }

        public void Settle()
        {
            FailWith = null;
            while (_readings.TryDequeue(out var reading)) State.SetStored(reading);
            Read();
            for (var i = 0; i < 10; i++)
            {
                NowMs += 31_000;
                Deliver();
                Switch();
            }
        }

        public void Read() => State.SetStored(Stored);

        public void SetLoad(LoadSpec? load)
        {
            _info = _info with { Load = load };
            State.SetCollection(_info);
        }

        public long AddSealed(int rows)
        {
            for (var i = 0; i < rows; i++) Write();
            Seal(all: true);
            return _manifests[^1].SegmentId;
        }

        public void Switch()
        {
            BeginSwitch();
            FinishSwitch();
        }

        /// <summary>Replicas hear what they are told and answer, in any order.</summary>
        public void Deliver()
        {
            foreach (var message in State.Step(NowMs, TrimmedTo))
            {
                if (message is LoadSegment load) _asked.Add(load);
                else _loaded.Remove((message.SegmentId, message.Replica));
            }
            foreach (var load in _asked.OrderBy(_ => _random.Next()).ToList())
            {
                var node = $"akka.tcp://milvus@node{_random.Next(3)}:1";
                if (FailWith is { } code && (FailOnly ?? load.SegmentId) == load.SegmentId)
                {
                    State.LoadFailed(new SegmentLoadFailed(load.SegmentId, load.Replica, node, (int)code, "injected"), NowMs);
                    continue;
                }
                if (!_loaded.TryGetValue((load.SegmentId, load.Replica), out var known))
                    known = _loaded[(load.SegmentId, load.Replica)] = new SegmentLoaded(load.SegmentId, load.Replica, node, TrimmedTo, ++_incarnation, load.IndexIds, 1, 0, 1);
                State.Loaded(known);
            }
            _asked.Clear();
            foreach (var replica in State.Pushable) replica.Confirm(TrimmedTo);
        }

        public void AssertView()
        {
            if (State.Progress(TrimmedTo).Phase == LoadPhase.Loaded) _wasLoaded = true;
            var seen = new HashSet<long>();
            foreach (var segment in _live.View.Growing.Select(g => g.SegmentId).Concat(_live.View.Served.Select(s => s.SegmentId)))
                foreach (var row in _rows[segment]) Assert.True(seen.Add(row), $"row {row} is in view twice");
            if (_wasLoaded) Assert.True(seen.SetEquals(_all), "rows are not in view");
        }

        private StoredSegments Stored => new(_manifests, _checkpoint is null ? [] : [_checkpoint]);

        private void Write()
        {
            var key = _nextKey++;
            var rows = new ColumnBatch(1, [new FieldColumn(100, new FixedColumn<long>(DataType.Int64, new[] { key }))]);
            var record = _core.Prepare([new ShardWrite { Inserts = [new PartitionRows(Partition, rows)] }])[0].Record!;
            _core.Apply(_core.AppliedSequence + 1, record);
            var segment = record.Inserts[0].SegmentId;
            if (!_rows.TryGetValue(segment, out var list)) _rows.Add(segment, list = []);
            list.Add(key);
            _all.Add(key);
            _live.View = new ChannelView(_core.View.Growing, _live.View.Served, _live.View.CompleteFrom);
        }

        private void Seal(bool all = false)
        {
            _core.BeginSeal(_core.Growing.Where(_ => all || _random.Next(2) == 0).ToList());
            var sealing = _core.Growing.Where(g => g.IsSealing).ToList();
            foreach (var g in sealing)
            {
                if (_checkpoint is not null && _checkpoint.Covers(g)) continue;
                var id = _oracle.NextIds();
                _rows[id] = [.. _rows[g.Segment.SegmentId]];
                _manifests = _manifests.Add(Manifest(id, g.Segment.RowCount));
            }
            var plan = _core.PlanCheckpoint(sealing, [], _oracle.Current);
            _checkpoint = plan with { Sealed = [.. plan.Sealed.Distinct()] };
            _core.CommitCheckpoint(_checkpoint);
        }

        private void Compact()
        {
            if (_manifests.Length < 2) return;
            var sources = _manifests.OrderBy(_ => _random.Next()).Take(_random.Next(1, 4)).ToList();
            var id = _oracle.NextIds();
            _rows[id] = [.. sources.SelectMany(s => _rows[s.SegmentId])];
            _manifests = _manifests.RemoveAll(m => sources.Contains(m)).Add(Manifest(id, _rows[id].Count));
        }

        private void LoseNode()
        {
            var node = $"akka.tcp://milvus@node{_random.Next(3)}:1";
            foreach (var key in _loaded.Where(l => l.Value.Node == node).Select(l => l.Key).ToList()) _loaded.Remove(key);
            if (_random.Next(2) == 0) State.NodeUnreachable(Address.Parse(node));
            State.NodeRemoved(Address.Parse(node));
        }

        private void BeginSwitch() => _pendingSwitch ??= State.NextSwitch(TrimmedTo);

        private void FinishSwitch()
        {
            if (_pendingSwitch is not { } next) return;
            _pendingSwitch = null;
            _live.Switch(next);
            State.Commit(next);
        }

        private static SegmentManifest Manifest(long id, int rows) => new()
        {
            SegmentId = id,
            CollectionId = 7,
            PartitionId = Partition,
            Shard = 0,
            RowCount = rows,
            MinTimestamp = new Timestamp(1),
            MaxTimestamp = new Timestamp(2),
            DeletesAppliedTo = Timestamp.Zero,
        };
    }

    private sealed class Oracle : ITimestampOracle
    {
        private ulong _timestamp = 1000;
        private long _id = 100;

        public Timestamp Current => new(_timestamp);

        public Timestamp Next() => new(++_timestamp);

        public long NextIds(int count = 1)
        {
            var first = _id + 1;
            _id += count;
            return first;
        }
    }
}
