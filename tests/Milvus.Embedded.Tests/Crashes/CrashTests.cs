using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.TestKit.Disk;

namespace Milvus.Embedded.Tests.Crashes;

/// <summary>Acknowledged writes survive, others are there whole or not at all, whatever else was going on when the machine stopped.</summary>
public class CrashTests
{
    private const int Writers = 3;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    public async Task Every_acknowledged_write_survives_six_crashes(int seed)
    {
        var random = new Random(seed);
        await using var machine = new Machine(seed);
        machine.Options = Machine.Small with { TombstoneRetentionMs = seed % 2 == 0 ? 0 : 60_000, AutoCompaction = seed % 3 == 0 };
        await machine.StartAsync();
        var shards = 1 + (seed % 2);
        await machine.CreateAsync("c", shards, index: seed % 4 == 3 ? "FLAT" : "HNSW");
        await machine.CreateAsync("other");
        await machine.InsertAsync("other", (1, 1));
        var writers = Enumerable.Range(0, Writers).Select(i => new Writer(new Target(machine), i, new Random((seed * 100) + i))).ToArray();

        for (var crash = 0; crash < 6; crash++)
        {
            var where = $"seed {seed}, crash {crash}";
            if (random.Next(3) == 0) machine.Disk.CrashAfter(random.Next(1, 120));
            if (random.Next(2) == 0) machine.Power.OffAfter(random.Next(1, 150));
            await Task.WhenAll([.. writers.Select(w => w.RunAsync(random.Next(5, 40))), DisturbAsync(machine, new Random(random.Next()))]);
            await machine.CrashAsync(powerCut: random.Next(2) == 0);
            await StartAgainAsync(machine, random);
            await machine.LoadedAsync("c");
            var all = await machine.AllAsync("c");
            foreach (var w in writers) w.Check(all, shards == 1, where);
            Assert.Equal(all, await machine.AllAsync("c"));
            Assert.Equal([1L], (await machine.AllAsync("other")).Keys);
        }
        Assert.True(writers.Sum(w => w.Writes) > 50, "too few writes to mean anything");
    }

    /// <summary>The machine may fail again while it starts.</summary>
    private static async Task StartAgainAsync(Machine machine, Random random)
    {
        for (var attempt = 0; attempt < 2 && random.Next(4) == 0; attempt++)
        {
            machine.Disk.CrashAfter(random.Next(5));
            try
            {
                await machine.StartAsync();
            }
            catch (Exception e) when (e is SimulatedCrashException or MilvusException)
            {
            }
            await machine.CrashAsync(powerCut: random.Next(2) == 0);
        }
        await machine.StartAsync();
        if (machine.Collection("c").Load is null) await machine.ExecuteAsync(new LoadCollection("", "c"));
    }

    /// <summary>Flush, compaction, index changes, release and load, until the machine fails or it has done a few of them.</summary>
    private static async Task DisturbAsync(Machine machine, Random random)
    {
        try
        {
            for (var i = 0; i < 6 && !machine.Power.IsOff; i++)
            {
                switch (random.Next(5))
                {
                    case 0 or 1: await machine.FlushAsync("c"); break;
                    case 2 or 3: await machine.CompactAsync("c", byKey: random.Next(2) == 0); break;
                    default:
                        await machine.ExecuteAsync(new ReleaseCollection("", "c"));
                        await machine.ExecuteAsync(new LoadCollection("", "c"));
                        break;
                }
                await Task.Yield();
            }
        }
        catch (Exception e) when (e is MilvusException or SimulatedCrashException)
        {
            // The disk has stopped, and the power follows.
        }
    }

    private sealed class Target(Machine machine) : IWriteTarget
    {
        public bool IsDown => machine.Power.IsOff;

        public Task InsertAsync((long Key, long Stamp)[] rows) => machine.InsertAsync("c", rows);

        public Task UpsertAsync((long Key, long Stamp)[] rows) => machine.UpsertAsync("c", rows);

        public Task DeleteAsync(long[] keys) => machine.DeleteAsync("c", keys);

        public Task DeleteWhereAsync(string filter) => machine.DeleteWhereAsync("c", filter);
    }
}
