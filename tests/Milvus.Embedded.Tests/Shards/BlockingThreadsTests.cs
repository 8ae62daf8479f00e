using Milvus.Embedded.Shards;

namespace Milvus.Embedded.Tests.Shards;

public sealed class BlockingThreadsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Work_runs_beside_the_pool_and_all_of_it_at_once()
    {
        var threads = new BlockingThreads(8, TimeSpan.FromMinutes(1));
        using var together = new Barrier(8);
        var works = Enumerable.Range(0, 8).Select(async _ =>
        {
            await threads.SwitchAsync();
            return (IsPool: Thread.CurrentThread.IsThreadPoolThread, Met: together.SignalAndWait(Patience));
        }).ToArray();
        foreach (var (isPool, met) in await Task.WhenAll(works))
        {
            Assert.False(isPool);
            Assert.True(met);
        }
        Assert.Equal(8, threads.Count);
    }

    [Fact]
    public async Task No_more_threads_than_allowed_do_all_the_work_in_the_order_of_asking()
    {
        var threads = new BlockingThreads(1, TimeSpan.FromMinutes(1));
        using var open = new ManualResetEventSlim();
        var order = new List<int>();
        var works = Enumerable.Range(0, 100).Select(async i =>
        {
            await threads.SwitchAsync();
            Assert.True(open.Wait(Patience));
            order.Add(i);
        }).ToArray();
        open.Set();
        await Task.WhenAll(works);
        Assert.Equal(Enumerable.Range(0, 100), order);
        Assert.Equal(1, threads.Count);
    }

    [Fact]
    public async Task Idle_threads_end_and_new_work_starts_others()
    {
        var threads = new BlockingThreads(4, TimeSpan.Zero);
        for (var round = 0; round < 50; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
            {
                await threads.SwitchAsync();
                Assert.False(Thread.CurrentThread.IsThreadPoolThread);
                await Task.Yield();
            }));
            Assert.True(SpinWait.SpinUntil(() => threads.Count == 0, Patience));
        }
    }
}
