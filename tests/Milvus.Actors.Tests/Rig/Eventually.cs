using System.Diagnostics;

namespace Milvus.Actors.Tests.Rig;

/// <summary>Waits for what background work brings about.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    public static async Task TrueAsync(Func<bool> condition, string what)
    {
        var waited = Stopwatch.StartNew();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
        {
            Assert.True(waited.Elapsed < s_patience, $"{what} did not happen");
            await timer.WaitForNextTickAsync();
        }
    }
}
