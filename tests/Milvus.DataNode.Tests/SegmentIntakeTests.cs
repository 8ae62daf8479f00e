using Milvus.Model;
using Milvus.Segments;

namespace Milvus.DataNode.Tests;

/// <summary>Rows for many partitions at once: all of them arrive, with few files open at a time.</summary>
public class SegmentIntakeTests
{
    [Theory]
    [InlineData(4096)]
    [InlineData(6)]
    [InlineData(1)]
    public async Task Rows_of_many_partitions_arrive_with_few_files_open(int files)
    {
        var world = await StoredWorld.CreateAsync();
        var collection = world.Collection;
        long id = 1000;
        var limits = new IntakeLimits(1000, 1 << 20) { OpenAtBytes = 64, MaxBufferedBytes = 256, MaxOpenFiles = files };
        await using var intake = new SegmentIntake(collection, world.Objects, () => ++id, limits);
        var expected = new Dictionary<long, int>();
        var random = new Random(files);
        for (var i = 0; i < 300; i++)
        {
            var partition = 500 + random.Next(40);
            var rows = 1 + random.Next(3);
            expected[partition] = expected.GetValueOrDefault(partition) + rows;
            await intake.AppendAsync(0, partition, Rows(i * 10, rows), CancellationToken.None);
            var most = Math.Max(1, files / collection.Schema.Fields.Length);
            Assert.True(intake.OpenSegments <= most, $"{intake.OpenSegments} segments are open");
        }
        var written = await intake.CompleteAsync(CancellationToken.None);
        Assert.Equal(0, intake.OpenSegments);
        Assert.Equal(expected.OrderBy(e => e.Key), written.GroupBy(m => m.PartitionId).Select(g => KeyValuePair.Create(g.Key, g.Sum(m => m.RowCount))).OrderBy(e => e.Key));
        if (files == 4096) Assert.Equal(expected.Count, written.Count);
        Assert.Equal(written.Count, written.Select(m => m.SegmentId).Distinct().Count());
    }

    private static ColumnBatch Rows(long first, int count)
    {
        long[] keys = [.. Enumerable.Range(0, count).Select(i => first + i)];
        return StoredWorld.Rows(keys, keys);
    }
}
