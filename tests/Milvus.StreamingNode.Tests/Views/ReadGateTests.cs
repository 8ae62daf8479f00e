using Milvus.Model;

namespace Milvus.StreamingNode.Tests.Views;

public class ReadGateTests
{
    private readonly CountingOracle _oracle = new();

    [Fact]
    public void Without_an_open_batch_nobody_waits_and_reads_are_newest()
    {
        var gate = new ReadGate(_oracle);
        var guarantee = _oracle.Next();
        var wait = gate.WaitAsync(guarantee, default);
        Assert.True(wait.IsCompletedSuccessfully);
        Assert.Equal(_oracle.Current, wait.Result);
    }

    [Fact]
    public void A_guarantee_from_before_the_batch_is_served_at_once_without_it()
    {
        var gate = new ReadGate(_oracle);
        var before = _oracle.Next();
        gate.Begin();
        var inBatch = _oracle.Next();
        var wait = gate.WaitAsync(before, default);
        Assert.True(wait.IsCompletedSuccessfully);
        Assert.True(wait.Result >= before && wait.Result < inBatch);
    }

    [Fact]
    public async Task A_guarantee_that_reaches_into_the_batch_waits_for_its_end()
    {
        var gate = new ReadGate(_oracle);
        gate.Begin();
        var guarantee = _oracle.Next();
        var wait = gate.WaitAsync(guarantee, default).AsTask();
        Assert.False(wait.IsCompleted);
        gate.End();
        Assert.True(await wait >= guarantee);
    }

    [Fact]
    public async Task A_batch_that_began_after_the_guarantee_holds_nobody_up()
    {
        var gate = new ReadGate(_oracle);
        gate.Begin();
        var guarantee = _oracle.Next();
        var wait = gate.WaitAsync(guarantee, default).AsTask();
        gate.End();
        gate.Begin();
        Assert.True(await wait >= guarantee);
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        var gate = new ReadGate(_oracle);
        gate.Begin();
        using var cancel = new CancellationTokenSource();
        var wait = gate.WaitAsync(_oracle.Next(), cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
    }
}
