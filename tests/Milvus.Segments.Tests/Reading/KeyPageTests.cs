using Milvus.Expressions;
using Milvus.Model;
using Milvus.Segments.Tests.Model;
using Milvus.TestKit.Objects;

namespace Milvus.Segments.Tests.Reading;

/// <summary>Pages by primary key, wherever they start and whatever else the filter says, are what sorting all matching rows gives.</summary>
public class KeyPageTests
{
    private const int Keys = 6000;

    private readonly SegmentScratch _scratch = new();

    [Theory]
    [InlineData(DataType.Int64)]
    [InlineData(DataType.VarChar)]
    public async Task Pages_equal_the_sorted_matches_in_growing_and_sealed_segments(DataType keyType)
    {
        var random = new Random(7);
        var schema = StampedRows.Schema(keyType);
        var growing = new GrowingSegment(1, 2, schema);
        ulong clock = 10;
        long stamp = 1;
        for (var round = 0; round < 12; round++)
        {
            // Small and large batches: a growing segment keeps its key order for some of both.
            var rows = Enumerable.Range(0, round % 3 == 0 ? 2500 : 200).Select(_ => ((long)random.Next(Keys), stamp++)).ToList();
            growing.Append(StampedRows.Batch(schema, rows), new Timestamp(++clock));
            growing.Delete(StampedRows.Keys(keyType, Enumerable.Range(0, 50).Select(_ => (long)random.Next(Keys))), new Timestamp(++clock));
            for (var i = 0; i < 8; i++) CheckPage(growing, new ReadPoint(new Timestamp(11 + (ulong)random.NextInt64((long)clock))));
        }
        var store = new InMemoryObjectStore();
        var manifest = await SegmentWriter.SealAsync(growing, new SegmentPlace(1, 1, 2, 0), Timestamp.Zero, store);
        var segment = await SealedSegment.LoadAsync(manifest, schema, store);
        for (var i = 0; i < 100; i++) CheckPage(segment, new ReadPoint(new Timestamp(11 + (ulong)random.NextInt64((long)clock))));

        void CheckPage(Segment source, ReadPoint at)
        {
            var (a, b) = (Text(random.Next(-10, Keys + 10)), Text(random.Next(-10, Keys + 10)));
            string[] filters =
            [
                $"key > {a}", $"key >= {a}", $"key < {a}", $"key > {a} and key <= {b}", $"key > {a} and key > {b}", $"key > {a} and flag == true",
                $"key >= {a} and (stamp % 50 == 1)", $"key > {a} or flag == true", $"(key > {a}) and (number > 90 or name is null)", $"key > {a} and key != {b}",
                $"{b} < key and key < {b}", $"key > {a} and stamp % 997 == 3", $"key > {a} and random_sample(0.5)",
            ];
            var filter = Filter.Compile(filters[random.Next(filters.Length)], schema);
            var limit = random.Next(6) switch { 0 => 1, 1 => int.MaxValue, _ => random.Next(1, 700) };
            var matches = SegmentQuery.Execute(source, filter, at, _scratch);
            var keys = source.PrimaryKeysOf(matches);
            var expected = Enumerable.Range(0, matches.Length)
                .OrderBy(i => keys.IsInt64 ? $"{keys.Int64s[i]:D10}" : keys.Strings.GetString(i), StringComparer.Ordinal).ThenBy(i => matches[i])
                .Take(limit).Select(i => matches[i]);
            Assert.Equal(expected, SegmentQuery.ExecuteOrdered(source, filter, at, limit, _scratch));
        }

        string Text(long key) => keyType == DataType.Int64 ? $"{key}" : $"'{StampedRows.TextKey(Math.Max(0, key))}'";
    }

    [Fact]
    public void A_page_reads_no_more_of_other_columns_than_the_rows_it_meets()
    {
        const int Rows = 100_000;
        var schema = StampedRows.Schema(DataType.Int64);
        var growing = new GrowingSegment(1, 2, schema);
        for (var from = 0; from < Rows; from += 10_000)
            growing.Append(StampedRows.Batch(schema, [.. Enumerable.Range(from, 10_000).Select(i => ((i * 7919L) % Rows, i + 1L))]), new Timestamp(5));
        var at = new ReadPoint(new Timestamp(9));
        var near = Filter.Compile($"key > 10 and stamp > 0", schema);
        var far = Filter.Compile($"key > {Rows - 300} and stamp > 0", schema);
        SegmentQuery.ExecuteOrdered(growing, near, at, 100, _scratch);
        // Allocation stands for work here: columns that are read are copied.
        var first = Allocated(near);
        var last = Allocated(far);
        Assert.InRange(last, 0, first * 2);
        Assert.InRange(first, 0, 100_000);

        long Allocated(FilterPlan filter)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var rows = SegmentQuery.ExecuteOrdered(growing, filter, at, 100, _scratch);
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(100, rows.Length);
            return bytes;
        }
    }
}
