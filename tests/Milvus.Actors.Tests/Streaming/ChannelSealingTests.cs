using Milvus.Actors.Rpc;
using Milvus.Actors.Streaming;
using Milvus.Coordinator.Commands;
using Milvus.Coordinator.Replication;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Tests.Streaming;

public sealed class ChannelSealingTests
{
    [Fact]
    public async Task Sealed_rows_are_read_from_query_nodes_with_later_deletes_applied()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        await rig.WriteAsync(rig.Insert((1, 10), (2, 20), (3, 30)));
        await rig.WriteAsync(StreamingRig.Delete(3));
        await rig.FlushAsync();
        Assert.Equal([(1, 10), (2, 20)], await rig.ReadAsync());
        var reply = await rig.OpenAsync(rig.Main, null);
        Assert.Equal(0ul, reply.Session);
        Assert.Single(reply.Placements);

        var before = await rig.WriteAsync(rig.Insert((4, 40)));
        await rig.WriteAsync(rig.Upsert((1, 11)));
        Assert.Equal([(1, 11), (2, 20), (4, 40)], await rig.ReadAsync());
        Assert.Equal([(1, 10), (2, 20), (4, 40)], await rig.ReadAsync(readAt: before));
        await rig.StopChannelAsync();
        Assert.Equal([(1, 11), (2, 20), (4, 40)], await rig.ReadAsync());
        Assert.Equal([(1, 10), (2, 20), (4, 40)], await rig.ReadAsync(readAt: before));
    }

    [Fact]
    public async Task The_journal_is_trimmed_and_recovery_gives_the_same_rows_and_request_ids()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        var request = Guid.NewGuid();
        var at = await rig.WriteAsync(rig.Insert((0, 0)), request);
        for (var i = 1; i <= 30; i++) await rig.WriteAsync(rig.Insert((i, i)));
        await rig.FlushAsync();
        await StreamingRig.EventuallyAsync(() => Task.FromResult(rig.Journal.Stored.Count == 0));
        await rig.WriteAsync(StreamingRig.Delete(7));
        Assert.Equal(30, (await rig.ReadAsync()).Count);

        await rig.StopChannelAsync();
        Assert.Equal(30, (await rig.ReadAsync()).Count);
        Assert.Equal(at, await rig.WriteAsync(rig.Insert((0, 0)), request));
        Assert.Equal(30, (await rig.ReadAsync()).Count);
        Assert.Equal(32, (await rig.StatusAsync()).AppliedSequence);
    }

    [Fact]
    public async Task A_released_collection_is_sealed_and_trimmed_without_query_nodes()
    {
        await using var rig = await StreamingRig.StartAsync();
        for (var i = 0; i < 20; i++) await rig.WriteAsync(rig.Insert((i, i)));
        await rig.FlushAsync();
        await StreamingRig.EventuallyAsync(() => Task.FromResult(rig.Journal.Stored.Count == 0));
        Assert.Equal(0, rig.Query.Table.Count);
        // A read waits for the load.
        await rig.ExecuteAsync(new LoadCollection("", "rows"));
        Assert.Equal(20, (await rig.ReadAsync()).Count);
        Assert.Equal((int)LoadPhase.Loaded, (await rig.StatusAsync()).LoadPhase);
        await rig.ExecuteAsync(new ReleaseCollection("", "rows"));
        await StreamingRig.EventuallyAsync(async () => (await rig.StatusAsync()).LoadPhase == (int)LoadPhase.NotLoaded);
    }

    [Fact]
    public async Task A_read_does_not_wait_for_ever_for_a_load()
    {
        await using var rig = await StreamingRig.StartAsync(streaming: new StreamingOptions { TickMs = 20, TrimDelayMs = 0, RecoveryPatienceMs = 50 });
        await rig.WriteAsync(rig.Insert((1, 1)));
        await rig.FlushAsync();
        rig.Main.Services.Segments = rig.System.DeadLetters;
        await rig.ExecuteAsync(new LoadCollection("", "rows"));
        var e = await Assert.ThrowsAsync<MilvusException>(() => rig.ReadAsync());
        Assert.Equal(ErrorCode.CollectionNotFullyLoaded, e.Code);
    }

    [Fact]
    public async Task A_commit_of_unknown_outcome_is_resolved()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        await rig.WriteAsync(rig.Insert((1, 10)));
        rig.Coordinator.LoseAnswers = 1;
        await rig.FlushAsync();
        await rig.WriteAsync(rig.Insert((2, 20)));
        rig.Coordinator.FailCommits = 2;
        await rig.FlushAsync();
        Assert.Equal([(1, 10), (2, 20)], await rig.ReadAsync());
        var stored = await SegmentStore.LoadAsync(rig.Meta, rig.Shard.CollectionId);
        Assert.Equal(2, stored.Segments.Length);
        await StreamingRig.EventuallyAsync(() => Task.FromResult(rig.Journal.Stored.Count == 0));
    }

    [Fact]
    public async Task Failed_sealings_leave_no_objects_behind()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        await rig.WriteAsync(rig.Insert((1, 10)));
        rig.Coordinator.FailCommits = 3;
        await rig.FlushAsync();
        await rig.WriteAsync(rig.Insert((2, 20)));
        rig.Coordinator.LoseAnswers = 1;
        await rig.FlushAsync();
        await rig.WriteAsync(rig.Insert((3, 30)));
        await rig.FlushAsync();
        var named = (await SegmentStore.LoadAsync(rig.Meta, rig.Shard.CollectionId)).Segments.SelectMany(s => s.Columns.Select(c => c.ObjectKey)).Order().ToList();
        var stored = new List<string>();
        await StreamingRig.EventuallyAsync(async () =>
        {
            stored.Clear();
            await foreach (var o in rig.Objects.ListAsync("segments/")) stored.Add(o.Key);
            return stored.Order().SequenceEqual(named);
        });
        Assert.Equal([(1, 10), (2, 20), (3, 30)], await rig.ReadAsync());
    }

    [Fact]
    public async Task Killed_at_any_point_of_sealing_the_rows_stay_the_same()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        var random = new Random(7);
        for (var round = 0; round < 12; round++)
        {
            await rig.WriteAsync(rig.Insert((round, round)));
            await rig.AskAsync<Messages.IControlMessage>(new Messages.FlushChannel(rig.Shard.CollectionId, 0));
            for (var yields = random.Next(60); yields > 0; yields--) await Task.Yield();
            await rig.StopChannelAsync();
        }
        Assert.Equal(Enumerable.Range(0, 12).Select(i => ((long)i, (long)i)), await rig.ReadAsync());
        await rig.FlushAsync();
        Assert.Equal(Enumerable.Range(0, 12).Select(i => ((long)i, (long)i)), await rig.ReadAsync());
    }

    [Fact]
    public async Task Replicas_that_cannot_be_reached_are_not_read_and_come_back()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        await rig.WriteAsync(rig.Insert((1, 10), (2, 20)));
        await rig.FlushAsync();
        rig.Main.Rpc.Unavailable.Add(RpcMethod.PushDeletes);
        await rig.WriteAsync(StreamingRig.Delete(1));
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.OpenAsync(rig.Main, null));
        rig.Main.Rpc.Unavailable.Clear();
        Assert.Equal([(2, 20)], await rig.ReadAsync());
    }
}
