using System.Diagnostics;

namespace Milvus.Embedded.Tests.Rig;

/// <summary>Waits for what background work brings about.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(Func<bool> condition, string what) => TrueAsync(() => new ValueTask<bool>(condition()), what);

    public static async Task TrueAsync(Func<ValueTask<bool>> condition, string what)
    {
        var waited = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!await condition())
        {
            Assert.True(waited.Elapsed < s_patience, $"{what} did not happen");
            await timer.WaitForNextTickAsync();
        }
    }

    public static async Task SucceedsAsync(Func<Task> attempt, string what)
    {
        var waited = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (true)
        {
            try
            {
                await attempt();
                return;
            }
            catch (Model.MilvusException) when (waited.Elapsed < s_patience)
            {
                await timer.WaitForNextTickAsync();
            }
        }
    }
}
