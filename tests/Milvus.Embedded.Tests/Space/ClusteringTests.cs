using Milvus.Embedded.Tests.Rig;

namespace Milvus.Embedded.Tests.Space;

/// <summary>Compaction that divides a collection's rows by its clustering key, which is "stamp" in these collections.</summary>
public class ClusteringTests
{
    private const int Rows = 300;

    [Fact]
    public async Task Segments_hold_ranges_of_keys_and_the_same_rows_as_before()
    {
        await using var machine = new Machine(5);
        await FillAsync(machine);
        var before = await machine.AllAsync("c");
        Assert.True(await MeanSegmentsOfRangeAsync(machine) > 4);

        await machine.CompactedAsync("c", byKey: true);
        Assert.Equal(before, await machine.AllAsync("c"));
        Assert.Equal(before.Where(r => r.Value < 500).Select(r => r.Key), (await machine.AllAsync("c", "stamp < 500")).Keys);
        Assert.True(await MeanSegmentsOfRangeAsync(machine) <= 2);
        var loaded = (await machine.Milvus.Engine.GetSegmentsAsync(machine.Collection("c"), CancellationToken.None)).Where(s => s.Loaded).ToList();
        Assert.All(loaded, s => Assert.InRange(s.Rows, 1, 66));

        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        Assert.Equal(before, await machine.AllAsync("c"));
    }

    [Fact]
    public async Task Where_there_is_no_memory_for_both_the_old_segments_stay()
    {
        await using var machine = new Machine(6);
        await FillAsync(machine);
        await machine.IndexedAsync("c");
        // Only now is what is in memory what is stored, and nothing more.
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        machine.Options = machine.Options with { MemoryLimitBytes = machine.Milvus.Engine.Memory.UsedBytes + 1 };
        await machine.RestartAsync();
        await machine.LoadedAsync("c");
        var (before, segments) = (await machine.AllAsync("c"), Stored(machine));
        var id = await machine.CompactAsync("c", byKey: true);
        await Eventually.TrueAsync(async () => await machine.Milvus.Engine.GetCompactionAsync(id, CancellationToken.None) is { Completed: true }, "the end of the compaction");
        Assert.Equal(1, (await machine.Milvus.Engine.GetCompactionAsync(id, CancellationToken.None))!.Failed);
        Assert.Equal(segments, Stored(machine));
        Assert.Equal(before, await machine.AllAsync("c"));
    }

    private static async Task FillAsync(Machine machine)
    {
        await machine.StartAsync();
        await machine.CreateAsync("c");
        for (var first = 0; first < Rows; first += 50)
        {
            await machine.InsertAsync("c", [.. Enumerable.Range(first, 50).Select(key => ((long)key, key * 7919L % 1009))]);
            await machine.FlushedAsync("c");
        }
        await machine.DeleteAsync("c", 3, 77, 201);
        await machine.FlushedAsync("c");
        await machine.LoadedAsync("c");
    }

    /// <summary>In how many segments the rows of one of ten ranges of stamps are, on average.</summary>
    private static async Task<double> MeanSegmentsOfRangeAsync(Machine machine)
    {
        var field = machine.Collection("c").Schema.Find("stamp")!;
        var ranges = new double[10];
        foreach (var manifest in machine.Milvus.Coordinator.Segments.GetSegments(machine.Collection("c").Id))
        {
            var segment = await Segments.SealedSegment.LoadAsync(manifest, machine.Collection("c").Schema, machine.Objects);
            var stamps = (Model.FixedColumn<long>)segment.Fetch(field.Id, [.. Enumerable.Range(0, manifest.RowCount)]);
            foreach (var range in stamps.Values.ToArray().Select(s => s / 101).Distinct()) ranges[range]++;
        }
        return ranges.Average();
    }

    private static List<long> Stored(Machine machine) =>
        [.. machine.Milvus.Coordinator.Segments.GetSegments(machine.Collection("c").Id).Select(s => s.SegmentId).Order()];
}
