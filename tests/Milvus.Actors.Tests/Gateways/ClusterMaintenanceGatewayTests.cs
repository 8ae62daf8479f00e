using Milvus.Actors.Gateways;
using Milvus.Actors.Messages;
using Milvus.Actors.Node;
using Milvus.Actors.Tests.Rig;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Tests.Gateways;

/// <summary>What clients are told of stored data, made of what two channels say and what is committed.</summary>
public sealed class ClusterMaintenanceGatewayTests : IAsyncLifetime
{
    private readonly FakeChannels _channels = new();
    private readonly ChannelStatus[] _statuses = new ChannelStatus[2];
    private SegmentWorld _world = null!;
    private ClusterMaintenanceGateway _gateway = null!;

    public async Task InitializeAsync()
    {
        _world = await SegmentWorld.CreateAsync(shards: 2);
        await _world.ExecuteAsync(new LoadCollection("", "c"));
        await _world.SealAsync(1, 0, 100, 10);
        await _world.SealAsync(2, 500, 60, 10, shard: 1);
        await _world.BuildIndexAsync(1);
        for (var shard = 0; shard < 2; shard++) _statuses[shard] = Status(shard);
        _statuses[0] = _statuses[0] with
        {
            Growing = [Growing(30, 40, at: 500), Growing(31, 0, at: 0)],
            Replicas = [new ReplicaStatus(1, _world.Partition, 0, "q", true, 100, 7, 5000), new ReplicaStatus(1, _world.Partition, 1, "", false, 0, 0, 0)],
        };
        _statuses[1] = _statuses[1] with { Growing = [Growing(32, 5, at: 900) with { IsSealing = true }] };
        _channels.Answer = Answer;
        var node = _world.Node(new LoopNetwork().Node("p"), time: TimeProvider.System);
        node.Channels = _channels.Region;
        _gateway = new ClusterMaintenanceGateway(node, new GatewayOptions { ControlAttempt = TimeSpan.FromMilliseconds(300), ControlPatience = TimeSpan.FromMilliseconds(200) });
    }

    public async Task DisposeAsync()
    {
        await _channels.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task Rows_are_counted_once_wherever_they_are()
    {
        Assert.Equal(40 + 5 + 93 + 60, await _gateway.CountRowsAsync(_world.Collection, null, default));
        Assert.Equal(198, await _gateway.CountRowsAsync(_world.Collection, _world.Partition, default));
        Assert.Equal(0, await _gateway.CountRowsAsync(_world.Collection, _world.Partition + 1, default));
        // Sealed since the channel spoke.
        _statuses[1] = _statuses[1] with { Growing = [Growing(2, 60, at: 5)] };
        Assert.Equal(40 + 93 + 60, await _gateway.CountRowsAsync(_world.Collection, null, default));
    }

    [Fact]
    public async Task Segments_are_listed_with_what_is_known_of_them()
    {
        var segments = (await _gateway.GetSegmentsAsync(_world.Collection, default)).ToDictionary(s => s.SegmentId);
        Assert.Equal([1, 2, 30, 31, 32], segments.Keys.Order());
        Assert.Equal((SegmentPhase.Growing, 40L, 0), (segments[30].Phase, segments[30].Rows, segments[30].Shard));
        Assert.Equal((SegmentPhase.Sealing, 1), (segments[32].Phase, segments[32].Shard));
        Assert.Equal((SegmentPhase.Flushed, true, 5000L), (segments[1].Phase, segments[1].Loaded, segments[1].MemoryBytes));
        Assert.Equal("v", Assert.Single(segments[1].IndexNames));
        Assert.Equal((SegmentPhase.Flushed, false, 1), (segments[2].Phase, segments[2].Loaded, segments[2].Shard));
    }

    [Fact]
    public async Task A_flush_closes_every_shard_and_is_done_when_nothing_older_grows()
    {
        var outcome = await _gateway.FlushAsync(_world.Collection, default);
        Assert.Equal([30, 32], outcome.SegmentIds.Order());
        Assert.Equal([1, 2], outcome.FlushedSegmentIds.Order());
        Assert.Equal(2, _channels.Asked.OfType<FlushChannel>().Count());
        // Not after the earliest time that a channel named.
        Assert.Equal(SegmentWorld.At(800), outcome.Timestamp);

        Assert.False(await _gateway.IsFlushedAsync(_world.Collection, outcome.Timestamp, default));
        Assert.False(await _gateway.AreFlushedAsync(outcome.SegmentIds, default));
        _statuses[0] = _statuses[0] with { Growing = [] };
        Assert.True(await _gateway.IsFlushedAsync(_world.Collection, outcome.Timestamp, default));
        Assert.False(await _gateway.IsFlushedAsync(_world.Collection, SegmentWorld.At(900), default));
        Assert.True(await _gateway.AreFlushedAsync([30], default));
        Assert.False(await _gateway.AreFlushedAsync([30, 32], default));
        // Of which nothing is known here.
        Assert.True(await _gateway.AreFlushedAsync([1, 999], default));
    }

    [Fact]
    public async Task A_collection_is_loaded_when_every_shard_is()
    {
        Assert.Equal((LoadPhase.Loaded, 100), Phase(await _gateway.GetLoadProgressAsync(_world.Collection, [], default)));
        _statuses[1] = _statuses[1] with { LoadPhase = (int)LoadPhase.Loading, LoadPercent = 40 };
        Assert.Equal((LoadPhase.Loading, 70), Phase(await _gateway.GetLoadProgressAsync(_world.Collection, [], default)));
        // The catalogue wants it; this channel has not heard.
        _statuses[1] = _statuses[1] with { LoadPhase = (int)LoadPhase.NotLoaded };
        Assert.Equal((LoadPhase.Loading, 50), Phase(await _gateway.GetLoadProgressAsync(_world.Collection, [], default)));
        _statuses[1] = _statuses[1] with { LoadPhase = (int)LoadPhase.Failed, LoadFailureCode = (int)ErrorCode.MemoryLimitExceeded, LoadFailure = "memory limit exceeded" };
        var failed = await _gateway.GetLoadProgressAsync(_world.Collection, [], default);
        Assert.Equal((LoadPhase.Failed, ErrorCode.MemoryLimitExceeded), (failed.Phase, failed.Failure!.Code));
        Assert.Equal(ErrorCode.MemoryLimitExceeded, (await Assert.ThrowsAsync<MilvusException>(async () => await _gateway.WaitLoadedAsync(_world.Collection, default))).Code);

        await _world.ExecuteAsync(new ReleaseCollection("", "c"));
        Assert.Equal(LoadPhase.NotLoaded, (await _gateway.GetLoadProgressAsync(_world.Collection, [], default)).Phase);
        await _gateway.WaitLoadedAsync(_world.Collection, default);
    }

    [Fact]
    public async Task Waiting_for_a_load_ends_with_it()
    {
        _statuses[0] = _statuses[0] with { LoadPhase = (int)LoadPhase.Loading };
        var waiting = _gateway.WaitLoadedAsync(_world.Collection, default).AsTask();
        await Eventually.TrueAsync(() => _channels.Asked.Count >= 4, "a second look");
        Assert.False(waiting.IsCompleted);
        _statuses[0] = _statuses[0] with { LoadPhase = (int)LoadPhase.Loaded };
        await waiting.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Index_progress_comes_from_the_committed_segments()
    {
        var progress = await _gateway.GetIndexProgressAsync(_world.Collection, _world.Collection.Indexes.Single(), default);
        Assert.Equal((BuildPhase.InProgress, 160L, 100L), (progress.Phase, progress.TotalRows, progress.IndexedRows));
        await _world.BuildIndexAsync(2);
        Assert.Equal(BuildPhase.Finished, (await _gateway.GetIndexProgressAsync(_world.Collection, _world.Collection.Indexes.Single(), default)).Phase);
    }

    [Fact]
    public async Task A_build_that_failed_is_told_with_its_reason_until_it_succeeds()
    {
        var index = _world.Collection.Indexes.Single();
        TaskStatusLine[] tasks = [new($"index-2-{index.Id + 1}", "index", "failed", "d", "of another index"), new($"index-2-{index.Id}", "index", "running", "d", "")];
        _world.Answer = m => m is GetClusterStatus ? new ClusterStatus("c", 1, 1, [], tasks) : null;
        Assert.Equal(BuildPhase.InProgress, (await _gateway.GetIndexProgressAsync(_world.Collection, index, default)).Phase);
        // Also while it is tried again.
        foreach (var state in new[] { "failed", "sent", "running" })
        {
            tasks[1] = tasks[1] with { State = state, Failure = "column file: checksum mismatch" };
            var progress = await _gateway.GetIndexProgressAsync(_world.Collection, index, default);
            Assert.Equal((BuildPhase.Failed, 60L, "column file: checksum mismatch"), (progress.Phase, progress.PendingRows, progress.FailReason));
        }
        await _world.BuildIndexAsync(2);
        Assert.Equal(BuildPhase.Finished, (await _gateway.GetIndexProgressAsync(_world.Collection, index, default)).Phase);
    }

    [Fact]
    public async Task A_silent_channel_is_unavailable_and_a_failing_one_says_why()
    {
        _channels.Answer = m => m.Shard == 0 ? Answer(m) : null;
        var e = await Assert.ThrowsAsync<MilvusException>(async () => await _gateway.CountRowsAsync(_world.Collection, null, default));
        Assert.Equal(ErrorCode.ServiceUnavailable, e.Code);
        Assert.Contains($"{new ShardId(_world.Collection.Id, 1)}", e.Message);
        _channels.Answer = m => new ControlFailed((int)ErrorCode.CollectionNotFound, "collection not found[collection=c]", false);
        e = await Assert.ThrowsAsync<MilvusException>(async () => await _gateway.CountRowsAsync(_world.Collection, null, default));
        Assert.Equal(ErrorCode.CollectionNotFound, e.Code);
    }

    private IControlMessage? Answer(IChannelMessage message) => message switch
    {
        GetChannelStatus status => _statuses[status.Shard],
        FlushChannel flush => new ChannelFlushed(flush.Shard == 0 ? [30] : [32], SegmentWorld.At(flush.Shard == 0 ? 800UL : 950UL).Value),
        _ => null,
    };

    private ChannelStatus Status(int shard) => new()
    {
        CollectionId = _world.Collection.Id,
        Shard = shard,
        Node = "s",
        AppliedSequence = 9,
        CheckpointSequence = 4,
        LoadPhase = (int)LoadPhase.Loaded,
        LoadPercent = 100,
    };

    private GrowingStatus Growing(long id, long rows, ulong at) => new(id, _world.Partition, rows, 0, 1000, rows == 0 ? 0 : SegmentWorld.At(at).Value, false);

    private static (LoadPhase, int) Phase(LoadProgress progress) => (progress.Phase, progress.Percent);
}
