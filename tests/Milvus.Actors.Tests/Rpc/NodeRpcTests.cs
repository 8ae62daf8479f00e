using Milvus.Actors.Rpc;
using Milvus.Actors.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;

namespace Milvus.Actors.Tests.Rpc;

/// <summary>Calls between two actor systems over loopback.</summary>
public sealed class NodeRpcTests : IAsyncLifetime
{
    private ClusterSystem _caller = null!;
    private ClusterSystem _callee = null!;

    public Task InitializeAsync()
    {
        _caller = ClusterSystem.Start();
        _callee = ClusterSystem.Start();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _caller.DisposeAsync();
        await _callee.DisposeAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(NodeRpc.PartBytes)]
    [InlineData(NodeRpc.PartBytes + 1)]
    [InlineData(20 << 20)]
    public async Task Payloads_of_any_size_arrive_whole_both_ways(int bytes)
    {
        Echo();
        var payload = Bytes(bytes, 1);
        Assert.Equal(payload, (await CallAsync(payload)).ToArray());
        Assert.Equal(0, _caller.Rpc.PendingCalls);
    }

    [Fact]
    public async Task Many_calls_at_once_get_their_own_answers()
    {
        Echo();
        await Parallel.ForAsync(0, 100, async (i, _) =>
        {
            var payload = Bytes(i % 10 == 0 ? (600 << 10) + i : i, i);
            Assert.Equal(payload, (await CallAsync(payload)).ToArray());
        });
    }

    [Fact]
    public async Task Errors_keep_code_text_and_fault()
    {
        Serve((_, _) => throw MilvusException.InvalidParameter("field x does not exist"));
        var e = await Assert.ThrowsAsync<MilvusException>(() => CallAsync([1]));
        Assert.Equal((ErrorCode.InvalidParameter, "field x does not exist: invalid parameter", true), (e.Code, e.Message, e.IsInputError));

        Serve((_, _) => throw new InvalidOperationException("broken"));
        e = await Assert.ThrowsAsync<MilvusException>(() => CallAsync([1]));
        Assert.Equal((ErrorCode.Unexpected, "broken"), (e.Code, e.Message));

        Serve((_, _) => throw new ShardMovedException("segment 5 is not on this node"));
        Assert.Contains("segment 5", (await Assert.ThrowsAsync<ShardMovedException>(() => CallAsync([1]))).Message);

        // Not the caller's cancellation, so the caller must hear of it.
        Serve((_, _) => throw new OperationCanceledException("a time-out of its own"));
        await Assert.ThrowsAsync<MilvusException>(() => CallAsync([1]));
    }

    [Fact]
    public async Task A_method_that_nobody_serves_is_unavailable() =>
        Assert.Equal(ErrorCode.ServiceUnavailable, (await Assert.ThrowsAsync<MilvusException>(() => CallAsync([1]))).Code);

    [Fact]
    public async Task Cancelling_reaches_the_handler()
    {
        var began = new TaskCompletionSource();
        var cancelled = new TaskCompletionSource();
        Serve(async (_, cancellation) =>
        {
            await using var registration = cancellation.Register(() => cancelled.TrySetResult());
            began.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
            return default;
        });
        using var stop = new CancellationTokenSource();
        var call = _caller.Rpc.CallAsync(_callee.Address, RpcMethod.ReadShard, new byte[] { 1 }, stop.Token);
        await began.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(0, _caller.Rpc.PendingCalls);
    }

    [Fact]
    public async Task Calls_to_a_killed_peer_fail_at_once()
    {
        var began = new TaskCompletionSource();
        Serve(async (_, cancellation) =>
        {
            began.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellation);
            return default;
        });
        var call = CallAsync([1]);
        await began.Task;
        await _callee.System.Terminate();
        var e = await Assert.ThrowsAsync<NodeUnavailableException>(() => call.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(_callee.Address, e.Node);

        // Later ones meet a connection that is refused, or not tried again yet.
        for (var i = 0; i < 3; i++) await Assert.ThrowsAsync<NodeUnavailableException>(() => CallAsync(Bytes(i * 300_000, 1)).WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(0, _caller.Rpc.PendingCalls);
    }

    [Fact]
    public async Task A_peer_that_was_never_there_is_unavailable()
    {
        var nowhere = _callee.Address.WithPort(1);
        await Assert.ThrowsAsync<NodeUnavailableException>(() =>
            _caller.Rpc.CallAsync(nowhere, RpcMethod.ReadShard, new byte[] { 1 }, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_peer_that_dies_in_the_middle_of_a_large_call_is_unavailable()
    {
        Serve(async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return default;
        });
        var call = CallAsync(Bytes(32 << 20, 1));
        await _callee.System.Terminate();
        await Assert.ThrowsAsync<NodeUnavailableException>(() => call.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Calls_to_oneself_pass_no_network_and_run_elsewhere()
    {
        var payload = new byte[] { 1, 2, 3 };
        _caller.Rpc.Handle(RpcMethod.ReadShard, (p, _) => new(p));
        var reply = await _caller.Rpc.CallAsync(_caller.Address, RpcMethod.ReadShard, payload, CancellationToken.None);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(reply, out var same));
        Assert.Same(payload, same.Array);
    }

    [Fact]
    public async Task Calls_and_replies_carry_the_clock()
    {
        Echo();
        var ahead = new Timestamp(_caller.Oracle.Next().Value + (1000UL << 18));
        Assert.True(_caller.Oracle.Observe(ahead));
        await CallAsync([1]);
        Assert.True(_callee.Oracle.Next() > ahead);

        ahead = new Timestamp(_callee.Oracle.Next().Value + (1000UL << 18));
        Assert.True(_callee.Oracle.Observe(ahead));
        await CallAsync([1]);
        Assert.True(_caller.Oracle.Next() > ahead);
    }

    private void Echo() => Serve((payload, _) => new(payload));

    private void Serve(RpcHandler handler) => _callee.Rpc.Handle(RpcMethod.ReadShard, handler);

    private Task<ReadOnlyMemory<byte>> CallAsync(byte[] payload) => _caller.Rpc.CallAsync(_callee.Address, RpcMethod.ReadShard, payload, CancellationToken.None);

    private static byte[] Bytes(int count, int seed)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
