using Milvus.Actors.Messages;
using Milvus.Actors.Streaming;
using Milvus.Coordinator.Commands;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Tests.Streaming;

public sealed class ChannelWriteTests
{
    [Fact]
    public async Task What_is_written_is_read_at_once_and_after_a_restart()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        await rig.WriteAsync(rig.Insert((1, 10), (2, 20)));
        var before = await rig.WriteAsync(rig.Upsert((2, 21)));
        await rig.WriteAsync(StreamingRig.Delete(1));
        Assert.Equal([(2, 21)], await rig.ReadAsync());
        Assert.Equal([(1, 10), (2, 21)], await rig.ReadAsync(readAt: before));

        await rig.StopChannelAsync();
        Assert.Equal([(2, 21)], await rig.ReadAsync());
        Assert.Equal([(1, 10), (2, 21)], await rig.ReadAsync(readAt: before));
    }

    [Fact]
    public async Task A_request_that_is_sent_twice_happens_once()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        await rig.LocateAsync();
        var request = Guid.NewGuid();
        rig.Journal.Hold();
        var first = rig.TryWriteAsync(rig.Insert((1, 10)), request);
        var second = rig.TryWriteAsync(rig.Insert((1, 10)), request);
        rig.Journal.Release();
        Assert.Equal(await first, await second);
        Assert.Equal(await first, await rig.TryWriteAsync(rig.Insert((1, 10)), request));

        await rig.StopChannelAsync();
        Assert.Equal(await first, await rig.TryWriteAsync(rig.Insert((1, 10)), request));
        Assert.Equal([(1, 10)], await rig.ReadAsync());
    }

    [Fact]
    public async Task Writes_that_come_while_the_journal_is_busy_are_persisted_together()
    {
        await using var rig = await StreamingRig.StartAsync();
        await rig.WriteAsync(rig.Insert((0, 0)));
        var before = rig.Journal.Writes;
        rig.Journal.Hold();
        var inserts = Enumerable.Range(1, 50).Select(i => rig.Insert((i, i))).ToList();
        var writes = inserts.Select(i => rig.TryWriteAsync(i)).ToList();
        await StreamingRig.EventuallyAsync(() => Task.FromResult(rig.Main.Role.Channels.Get(rig.Shard).QueuedBytes == inserts.Sum(i => i.ByteSize)));
        rig.Journal.Release();
        var timestamps = await Task.WhenAll(writes);
        Assert.Equal(50, timestamps.Distinct().Count());
        Assert.InRange(rig.Journal.Writes - before, 1, 25);
    }

    [Fact]
    public async Task Records_larger_than_an_event_are_kept_in_parts()
    {
        await using var rig = await StreamingRig.StartAsync(load: true, streaming: new StreamingOptions { PartBytes = 64, MinRestartMs = 1 });
        var rows = Enumerable.Range(0, 100).Select(i => ((long)i, (long)i)).ToArray();
        await rig.WriteAsync(rig.Insert(rows));
        await rig.WriteAsync(StreamingRig.Delete(5, 6));
        Assert.True(rig.Journal.Stored.Count > 20);
        await rig.StopChannelAsync();
        Assert.Equal(98, (await rig.ReadAsync()).Count);
    }

    [Fact]
    public async Task A_write_to_a_partition_that_is_gone_is_refused()
    {
        await using var rig = await StreamingRig.StartAsync();
        var refused = await Assert.ThrowsAsync<MilvusException>(() => rig.WriteAsync(StreamingRig.Insert(4711, (1, 1))));
        Assert.Equal(ErrorCode.PartitionNotFound, refused.Code);
        await rig.ExecuteAsync(new CreatePartition("", "rows", "more"));
        var partition = rig.Catalog.Catalog.GetCollection("", "rows").FindPartition("more")!.Id;
        await rig.WriteAsync(StreamingRig.Insert(partition, (1, 1)));
    }

    [Fact]
    public async Task Too_much_in_the_queue_is_refused()
    {
        await using var rig = await StreamingRig.StartAsync(streaming: new StreamingOptions { MaxQueuedBytes = 200, MaxBatchBytes = 100 });
        await rig.WriteAsync(rig.Insert((0, 0)));
        rig.Journal.Hold();
        var first = rig.TryWriteAsync(rig.Insert(Enumerable.Range(0, 8).Select(i => ((long)i, 0L)).ToArray()));
        await StreamingRig.EventuallyAsync(() => Task.FromResult(rig.Main.Role.Channels.Get(rig.Shard).QueuedBytes > 0));
        var refused = await Assert.ThrowsAsync<MilvusException>(() => rig.TryWriteAsync(rig.Insert((9, 9), (10, 10))));
        Assert.Equal(ErrorCode.TooManyRequests, refused.Code);
        rig.Journal.Release();
        await first;
    }

    [Fact]
    public async Task A_channel_that_is_not_here_says_so()
    {
        await using var rig = await StreamingRig.StartAsync();
        await rig.LocateAsync();
        await rig.StopChannelAsync(gracefully: true);
        await Assert.ThrowsAsync<ShardMovedException>(() => rig.OpenAsync(rig.Main, null));
    }

    [Fact]
    public async Task Reading_what_is_not_loaded_is_refused_with_its_code()
    {
        await using var rig = await StreamingRig.StartAsync();
        await rig.LocateAsync();
        Assert.Equal(ErrorCode.CollectionNotLoaded, (await Assert.ThrowsAsync<MilvusException>(() => rig.OpenAsync(rig.Main, null))).Code);
    }

    [Fact]
    public async Task A_dropped_collection_takes_its_journal_along()
    {
        await using var rig = await StreamingRig.StartAsync(load: true);
        await rig.WriteAsync(rig.Insert((1, 10)));
        Assert.NotEmpty(rig.Journal.Stored);
        await rig.ExecuteAsync(new ReleaseCollection("", "rows"));
        await rig.ExecuteAsync(new DropCollection("", "rows"));
        await StreamingRig.EventuallyAsync(() => Task.FromResult(rig.Journal.Stored.Count == 0));

        // Also when the drop is noticed only by the next start.
        var failed = await rig.AskAsync<IControlMessage>(new LocateChannel(rig.Shard.CollectionId, 0));
        Assert.True(failed is ControlFailed or ChannelLocation);
        await StreamingRig.EventuallyAsync(() => Task.FromResult(!rig.Main.Role.Channels.TryGet(rig.Shard, out _)));
    }
}
