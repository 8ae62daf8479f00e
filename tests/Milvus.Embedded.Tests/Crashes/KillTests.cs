using Milvus.Embedded.Tests.Rig;

namespace Milvus.Embedded.Tests.Crashes;

/// <summary>The real process, the real disk, and SIGKILL.</summary>
public class KillTests
{
    private const int Rounds = 50;
    private const int Writers = 4;

    [KillFact]
    public async Task Fifty_kills_lose_nothing_that_was_acknowledged()
    {
        var random = new Random(20);
        await using var server = new KilledServer();
        await server.StartAsync();
        await server.CreateAsync();
        var writers = Enumerable.Range(0, Writers).Select(i => new Writer(server, i, new Random(i))).ToArray();
        var busy = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var before = writers.Sum(w => w.Writes);
            var writing = Task.WhenAll(writers.Select(w => w.RunAsync(int.MaxValue)));
            var disturbing = DisturbAsync(server, new Random(random.Next()));
            // A few rounds end before the first write is acknowledged, most in the middle of many.
            var enough = before + random.Next(0, 40);
            await Eventually.TrueAsync(() => writers.Sum(w => w.Writes) >= enough || writing.IsCompleted, "a number of writes");
            await server.KillAsync();
            await writing;
            await disturbing;
            if (writers.Sum(w => w.Writes) > before) busy++;
            await server.StartAsync();
            var all = await server.AllAsync();
            foreach (var w in writers) w.Check(all, isAtomic: true, $"kill {round}");
        }
        Assert.True(busy > Rounds / 2, $"only {busy} of {Rounds} rounds wrote anything before the kill");
    }

    private static async Task DisturbAsync(KilledServer server, Random random)
    {
        try
        {
            while (!server.IsDown)
            {
                if (random.Next(2) == 0) await server.FlushAsync();
                else await server.CompactAsync();
            }
        }
        catch (HttpRequestException)
        {
        }
    }
}
