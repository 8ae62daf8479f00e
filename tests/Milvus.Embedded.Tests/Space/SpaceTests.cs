using Milvus.Coordinator.Commands;
using Milvus.Embedded.Tests.Rig;
using Milvus.Model;
using Milvus.Proxy;
using Milvus.QueryNode;

namespace Milvus.Embedded.Tests.Space;

/// <summary>Measures the whole process' memory, so nothing runs beside it.</summary>
[CollectionDefinition(nameof(SpaceTests), DisableParallelization = true)]
public static class AloneInTheProcess;

/// <summary>Memory stays in its budget, disk shrinks, and what is idle costs next to nothing.</summary>
[Collection(nameof(SpaceTests))]
public class SpaceTests
{
    [Fact]
    public async Task A_load_beyond_the_budget_is_refused_and_the_others_stay()
    {
        await using var machine = new Machine(1);
        await machine.StartAsync();
        await machine.CreateAsync("small");
        await machine.InsertAsync("small", (1, 1));
        await machine.FlushedAsync("small");
        await machine.CreateAsync("big", load: false);
        for (var i = 0; i < 20; i++) await machine.InsertAsync("big", [.. Enumerable.Range(i * 50, 50).Select(k => ((long)k, (long)k))]);
        await machine.FlushedAsync("big");
        await machine.StopAsync();
        machine.Options = machine.Options with { MemoryLimitBytes = 4_000 };
        await machine.StartAsync();
        await machine.LoadedAsync("small");
        var used = machine.Milvus.Engine.Memory.UsedBytes;
        await machine.ExecuteAsync(new LoadCollection("", "big"));
        var e = await Assert.ThrowsAsync<MilvusException>(() => machine.LoadedAsync("big").AsTask());
        Assert.Equal(ErrorCode.MemoryLimitExceeded, e.Code);
        Assert.Contains("memory limit exceeded", e.Message, StringComparison.Ordinal);
        Assert.Equal(LoadPhase.Failed, (await machine.ProgressAsync("big")).Phase);
        Assert.Equal(ErrorCode.MemoryLimitExceeded, (await machine.ProgressAsync("big")).Failure!.Code);
        Assert.Equal(used, machine.Milvus.Engine.Memory.UsedBytes);
        Assert.Single(await machine.AllAsync("small"));
        await machine.ExecuteAsync(new ReleaseCollection("", "small"));
        await Eventually.TrueAsync(() => machine.Milvus.Engine.Memory.UsedBytes == 0, "the release");
    }

    [Fact]
    public async Task Disk_shrinks_after_delete_and_compaction_and_is_empty_after_a_drop()
    {
        await using var machine = new Machine(2);
        await machine.StartAsync();
        await machine.CreateAsync("c");
        for (var i = 0; i < 20; i++) await machine.InsertAsync("c", [.. Enumerable.Range(i * 50, 50).Select(k => ((long)k, (long)k))]);
        await machine.FlushedAsync("c");
        await machine.CompactedAsync("c");
        await machine.IndexedAsync("c");
        var full = await BytesAsync(machine);
        await machine.DeleteWhereAsync("c", "key >= 100");
        await machine.CompactedAsync("c");
        // Files that are replaced go in the background.
        await Eventually.SucceedsAsync(async () => await ShrunkAsync(machine, full / 2), "less disk use");
        Assert.Equal(100, (await machine.AllAsync("c")).Count);
        Assert.Equal(100, await machine.CountAsync("c"));
        await machine.ExecuteAsync(new DropCollection("", "c"));
        await Eventually.SucceedsAsync(async () => await ShrunkAsync(machine, 0), "an empty store");
        await Eventually.TrueAsync(() => machine.Disk.Paths.Count == 0, "the end of the logs");
    }

    [Fact]
    public async Task A_dropped_index_takes_its_file_with_it()
    {
        await using var machine = new Machine(3);
        await machine.StartAsync();
        await machine.CreateAsync("c");
        await machine.InsertAsync("c", [.. Enumerable.Range(0, 50).Select(k => ((long)k, (long)k))]);
        await machine.FlushedAsync("c");
        await machine.IndexedAsync("c");
        var indexed = Counted(machine, "c");
        // The manifest names the index a moment before the loaded segment has it, and the other way round when it is dropped.
        await Eventually.TrueAsync(() => machine.Milvus.Engine.Memory.UsedBytes == indexed, "the index in the budget");
        Assert.True(await CountAsync(machine, ".idx") > 0);
        await machine.ExecuteAsync(new ReleaseCollection("", "c"));
        await machine.ExecuteAsync(new DropIndex("", "c") { Field = "vector" });
        await Eventually.SucceedsAsync(async () => Check(await CountAsync(machine, ".idx") == 0), "no index file");
        await machine.IndexAsync("c", "FLAT");
        await machine.ExecuteAsync(new LoadCollection("", "c"));
        await machine.LoadedAsync("c");
        var plain = Counted(machine, "c");
        Assert.True(plain < indexed);
        await Eventually.TrueAsync(() => machine.Milvus.Engine.Memory.UsedBytes == plain, "the index out of the budget");
        Assert.Equal(50, (await machine.AllAsync("c")).Count);
    }

    [Fact]
    public async Task Hundreds_of_idle_collections_cost_next_to_nothing()
    {
        const int Count = 200;
        await using var machine = new Machine(4, Machine.Small with { MaintenanceIntervalMs = 1000 });
        await machine.StartAsync();
        for (var i = 0; i < Count; i++)
        {
            await machine.CreateAsync($"c{i}");
            await machine.InsertAsync($"c{i}", (i, i));
        }
        await machine.RestartAsync();
        Assert.Equal([Count - 1L], (await machine.AllAsync($"c{Count - 1}")).Keys);
        var with = GC.GetTotalMemory(forceFullCollection: true);
        Assert.Equal(0, machine.Disk.OpenHandles);
        for (var i = 0; i < Count; i++) await machine.ExecuteAsync(new DropCollection("", $"c{i}"));
        await Eventually.TrueAsync(() => machine.Disk.Paths.Count == 0, "the drops");
        var perCollection = (with - GC.GetTotalMemory(forceFullCollection: true)) / Count;
        Assert.True(perCollection < 256 << 10, $"{perCollection} bytes for each idle collection");
    }

    // What the segments of a collection cost by their manifests.
    private static long Counted(Machine machine, string name)
    {
        var collection = machine.Collection(name);
        return machine.Milvus.Coordinator.Segments.GetSegments(collection.Id)
            .Sum(m => SealedSegmentReader.EstimateMemory(m, collection, SegmentPlacements.Resolve(m, collection, PlacementOptions.Default, long.MaxValue)));
    }

    private static async Task ShrunkAsync(Machine machine, long limit) => Check(await BytesAsync(machine) <= limit);

    private static void Check(bool condition)
    {
        if (!condition) throw new MilvusException(ErrorCode.ServiceNotReady, "not yet");
    }

    private static async Task<long> BytesAsync(Machine machine)
    {
        long bytes = 0;
        await foreach (var o in machine.Objects.ListAsync("")) bytes += o.Length;
        return bytes;
    }

    private static async Task<int> CountAsync(Machine machine, string ending)
    {
        var count = 0;
        await foreach (var o in machine.Objects.ListAsync(""))
            if (o.Key.EndsWith(ending, StringComparison.Ordinal)) count++;
        return count;
    }
}
