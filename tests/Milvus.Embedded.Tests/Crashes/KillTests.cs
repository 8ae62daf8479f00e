using System.Diagnostics;
using Milvus.Embedded.Tests.Rig;
using Xunit.Abstractions;

namespace Milvus.Embedded.Tests.Crashes;

/// <summary>The real process, the real disk, and SIGKILL. Ten rounds; fifty when MILVUS_KILL_TEST is set.</summary>
public class KillTests(ITestOutputHelper output)
{
    private const int Writers = 4;

    private readonly int _rounds = Environment.GetEnvironmentVariable("MILVUS_KILL_TEST") is null ? 10 : 50;
    private int _flushes;
    private int _compactions;

    [Fact]
    public async Task Kills_lose_nothing_that_was_acknowledged_and_leave_nothing_half_there()
    {
        var random = new Random(20);
        await using var server = new KilledServer();
        await server.StartAsync();
        await server.CreateAsync();
        var writers = Enumerable.Range(0, Writers).Select(i => new Writer(server, i, new Random(i))).ToArray();
        int busy = 0, rows = 0;
        var slowest = TimeSpan.Zero;
        for (var round = 0; round < _rounds; round++)
        {
            var before = writers.Sum(w => w.Writes);
            var writing = Task.WhenAll(writers.Select(w => w.RunAsync(int.MaxValue)));
            var disturbing = DisturbAsync(server, new Random(random.Next()));
            // A few rounds end before the first write is acknowledged, most in the middle of many.
            var enough = before + random.Next(0, 40);
            await Eventually.TrueAsync(() => writers.Sum(w => w.Writes) >= enough || writing.IsCompleted, "a number of writes");
            if (writers.Sum(w => w.Writes) > before) busy++;
            await server.KillAsync();
            await writing;
            await disturbing;
            foreach (var w in writers) Assert.True(w.Refusal is null, $"kill {round}: a write was refused by a server that ran: {w.Refusal}");
            var started = Stopwatch.StartNew();
            await server.StartAsync();
            var all = await server.AllAsync();
            if (started.Elapsed > slowest) slowest = started.Elapsed;
            foreach (var w in writers) w.Check(all, isAtomic: true, $"kill {round}");
            Assert.All(all.Keys, k => Assert.Contains(writers, w => w.Owns(k)));
            rows = all.Count;
        }
        output.WriteLine(
            $"{_rounds} kills, {busy} after acknowledged writes; {writers.Sum(w => w.Writes)} writes acknowledged, {writers.Sum(w => w.DoubtsKept)} in doubt were "
            + $"there whole, {writers.Sum(w => w.DoubtsLost)} not at all; {_flushes} flushes and {_compactions} compactions beside them; {rows} rows at the end; "
            + $"slowest start to all rows read {slowest.TotalSeconds:F2} s");
        Assert.True(busy > _rounds / 2, $"only {busy} of {_rounds} rounds wrote anything before the kill");
        Assert.True(_flushes > 0 && _compactions > 0, $"{_flushes} flushes and {_compactions} compactions are too few to mean anything");
    }

    private async Task DisturbAsync(KilledServer server, Random random)
    {
        try
        {
            while (!server.IsDown)
            {
                if (random.Next(2) == 0)
                {
                    await server.FlushAsync();
                    _flushes++;
                }
                else
                {
                    await server.CompactAsync();
                    _compactions++;
                }
            }
        }
        catch (Exception) when (server.IsDown)
        {
        }
    }
}
