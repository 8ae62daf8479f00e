using System.Collections.Concurrent;
using Google.Protobuf;
using Milvus.Actors.Gateways;
using Milvus.Actors.Messages;
using Milvus.Actors.Protocol;
using Milvus.Actors.Rpc;
using Milvus.Actors.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.Proxy.Wire;

namespace Milvus.Actors.Tests.Gateways;

/// <summary>Writes and reads on their way to a channel that moves, is silent, or is not there.</summary>
public sealed class ClusterShardGatewayTests : IAsyncLifetime
{
    private readonly LoopNetwork _network = new();
    private readonly FakeChannels _channels = new();
    private readonly ConcurrentQueue<WriteRequest> _written = new();
    private SegmentWorld _world = null!;
    private string _home = "a";

    public async Task InitializeAsync()
    {
        _world = await SegmentWorld.CreateAsync();
        _channels.Answer = m => m is LocateChannel l ? new ChannelLocation(l.CollectionId, l.Shard, _network.Node(_home).Self.ToString()) : null;
        foreach (var name in new[] { "a", "b" }) _network.Node(name).Handle(RpcMethod.Write, (payload, _) => WriteAsync(name, payload));
    }

    public async Task DisposeAsync()
    {
        await _channels.DisposeAsync();
        await _world.DisposeAsync();
    }

    [Fact]
    public async Task A_write_reaches_the_channel_as_it_was()
    {
        var at = await Gateway().WriteAsync(_world.Collection, 0, Write(), default);
        Assert.Equal(new Timestamp(77), at);
        var request = Assert.Single(_written);
        Assert.Equal((_world.Collection.Id, 0, 16, _world.Catalog.Catalog.Version), (request.CollectionId, request.Shard, request.RequestId.Length, request.CatalogVersion));
        Assert.Equal(ShardWriteCodec.Encode(Write()).ToArray(), request.Write.ToByteArray());
    }

    [Fact]
    public async Task The_place_is_asked_for_once()
    {
        var gateway = Gateway();
        await Parallel.ForAsync(0, 50, async (_, ct) => await gateway.WriteAsync(_world.Collection, 0, Write(), ct));
        Assert.Single(_channels.Asked);
        Assert.Equal(50, _written.Select(w => w.RequestId.ToBase64()).Distinct().Count());
    }

    [Fact]
    public async Task A_channel_that_moved_is_found_again_and_gets_the_same_request()
    {
        var gateway = Gateway();
        await gateway.WriteAsync(_world.Collection, 0, Write(), default);
        _written.Clear();
        _home = "b";
        Assert.Equal(new Timestamp(77), await gateway.WriteAsync(_world.Collection, 0, Write(), default));
        Assert.Equal(2, _channels.Asked.Count);
        Assert.Equal(["a", "b"], _network.Calls.Skip(1).Select(c => c.Node.Host));
        Assert.Single(_written);
    }

    [Fact]
    public async Task After_a_lost_answer_the_same_request_is_sent_again()
    {
        var lost = 2;
        _network.Node("a").Handle(RpcMethod.Write, async (payload, _) =>
        {
            var reply = await WriteAsync("a", payload);
            return Interlocked.Decrement(ref lost) >= 0 ? throw new NodeUnavailableException(_network.Node("a").Self, "killed") : reply;
        });
        Assert.Equal(new Timestamp(77), await Gateway().WriteAsync(_world.Collection, 0, Write(), default));
        Assert.Equal(3, _written.Count);
        Assert.Single(_written.Select(w => w.RequestId.ToBase64()).Distinct());
    }

    [Fact]
    public async Task A_silent_node_is_asked_again()
    {
        var calls = 0;
        _network.Node("a").Handle(RpcMethod.Write, async (payload, cancellation) =>
        {
            if (Interlocked.Increment(ref calls) == 1) await Task.Delay(Timeout.Infinite, cancellation);
            return await WriteAsync("a", payload);
        });
        var gateway = Gateway(new GatewayOptions { WriteAttempt = TimeSpan.FromMilliseconds(50) });
        Assert.Equal(new Timestamp(77), await gateway.WriteAsync(_world.Collection, 0, Write(), default));
        Assert.True(calls >= 2);
    }

    [Fact]
    public async Task What_the_channel_refuses_is_final()
    {
        var calls = 0;
        _network.Node("a").Handle(RpcMethod.Write, (_, _) =>
        {
            calls++;
            throw new MilvusException(ErrorCode.PartitionNotFound, "partition not found[partition=5]");
        });
        var e = await Assert.ThrowsAsync<MilvusException>(async () => await Gateway().WriteAsync(_world.Collection, 0, Write(), default));
        Assert.Equal((ErrorCode.PartitionNotFound, 1), (e.Code, calls));
    }

    [Fact]
    public async Task A_write_that_may_have_happened_ends_as_a_time_out()
    {
        _network.Interfere = (node, _, _) => throw new NodeUnavailableException(node, "killed");
        var gateway = Gateway(new GatewayOptions { WritePatience = TimeSpan.FromMilliseconds(200) });
        var e = await Assert.ThrowsAsync<MilvusException>(async () => await gateway.WriteAsync(_world.Collection, 0, Write(), default));
        Assert.Equal(ErrorCode.Timeout, e.Code);
        Assert.Contains(_world.Shard.ToString(), e.Message);
    }

    [Fact]
    public async Task A_write_that_cannot_have_happened_ends_as_unavailable()
    {
        _channels.Answer = _ => null;
        var gateway = Gateway(new GatewayOptions { WritePatience = TimeSpan.FromMilliseconds(200), LocateAttempt = TimeSpan.FromMilliseconds(50) });
        var e = await Assert.ThrowsAsync<MilvusException>(async () => await gateway.WriteAsync(_world.Collection, 0, Write(), default));
        Assert.Equal(ErrorCode.ServiceUnavailable, e.Code);
        Assert.True(_channels.Asked.Count > 1);
    }

    [Fact]
    public async Task A_cancelled_write_stops()
    {
        using var stop = new CancellationTokenSource();
        _network.Node("a").Handle(RpcMethod.Write, async (_, cancellation) =>
        {
            await stop.CancelAsync();
            await Task.Delay(Timeout.Infinite, cancellation);
            return default;
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Gateway().WriteAsync(_world.Collection, 0, Write(), stop.Token));
    }

    [Fact]
    public async Task An_unreachable_channel_makes_a_read_begin_anew()
    {
        await Assert.ThrowsAsync<ShardMovedException>(async () => await OpenAsync(Gateway()));
        _network.Interfere = (node, _, _) => throw new NodeUnavailableException(node, "killed");
        Assert.Contains("killed", (await Assert.ThrowsAsync<ShardMovedException>(async () => await OpenAsync(Gateway()))).Message);
        _channels.Answer = _ => null;
        await Assert.ThrowsAsync<ShardMovedException>(async () => await OpenAsync(Gateway(new GatewayOptions { LocateAttempt = TimeSpan.FromMilliseconds(30) })));
    }

    [Fact]
    public async Task A_channel_that_does_not_come_to_the_guarantee_makes_a_read_begin_anew()
    {
        _network.Node("a").Handle(RpcMethod.OpenShard, async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return default;
        });
        await Assert.ThrowsAsync<ShardMovedException>(async () => await OpenAsync(Gateway(new GatewayOptions { OpenAttempt = TimeSpan.FromMilliseconds(50) })));
    }

    [Fact]
    public async Task A_collection_that_is_not_loaded_is_told_as_such()
    {
        _network.Node("a").Handle(RpcMethod.OpenShard, (_, _) => throw new MilvusException(ErrorCode.CollectionNotFullyLoaded, "collection not fully loaded[collection=c]"));
        var e = await Assert.ThrowsAsync<MilvusException>(async () => await OpenAsync(Gateway()));
        Assert.Equal(ErrorCode.CollectionNotFullyLoaded, e.Code);
    }

    [Fact]
    public async Task A_shard_without_rows_answers_without_asking()
    {
        _network.Node("a").Handle(RpcMethod.OpenShard, (_, _) => new(new OpenShardReply { ReadAt = 500 }.ToByteArray()));
        using var reader = await OpenAsync(Gateway());
        Assert.Equal(new Timestamp(500), reader.ReadAt);
        Assert.Equal(0, await reader.CountAsync(new ShardQuery(), default));
        Assert.Empty((await reader.QueryAsync(new ShardQuery { Limit = 10 }, default)).Rows);
    }

    [Fact]
    public async Task A_session_is_closed_once_and_a_lost_node_is_a_moved_shard()
    {
        var closed = new ConcurrentQueue<ulong>();
        _network.Node("a").Handle(RpcMethod.OpenShard, (_, _) =>
        {
            var reply = new OpenShardReply { ReadAt = 500, Session = 42 };
            reply.Placements.Add(new SegmentPlacement { Node = "akka.tcp://milvus@gone:1", SegmentIds = { 1 } });
            return new(reply.ToByteArray());
        });
        _network.Node("a").Handle(RpcMethod.CloseShard, (payload, _) =>
        {
            closed.Enqueue(CloseShardRequest.Parser.ParseFrom(payload.Span).Session);
            return default;
        });
        var reader = await OpenAsync(Gateway());
        await Assert.ThrowsAsync<ShardMovedException>(async () => await reader.CountAsync(new ShardQuery(), default));
        reader.Dispose();
        reader.Dispose();
        await Eventually.TrueAsync(() => !closed.IsEmpty, "the closing");
        Assert.Equal([42UL], closed);
    }

    private ClusterShardGateway Gateway(GatewayOptions? options = null) =>
        new(_network.Node("p"), new ChannelLocations(() => _channels.Region), _world.Catalog, TimeProvider.System, options ?? GatewayOptions.Default);

    private ValueTask<IShardReader> OpenAsync(ClusterShardGateway gateway) => gateway.OpenAsync(_world.Collection, 0, new Timestamp(5), null, default);

    private ValueTask<ReadOnlyMemory<byte>> WriteAsync(string node, ReadOnlyMemory<byte> payload)
    {
        if (node != _home) throw new ShardMovedException("the channel is not here");
        _written.Enqueue(WriteRequest.Parser.ParseFrom(payload.Span));
        return new(new WriteReply { Timestamp = 77 }.ToByteArray());
    }

    private ShardWrite Write() => new() { Inserts = [new PartitionRows(_world.Partition, _world.Rows(1, 3))], Deletes = SegmentWorld.Keys([5]) };
}
