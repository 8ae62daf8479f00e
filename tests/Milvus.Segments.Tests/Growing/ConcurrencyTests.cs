using System.Collections.Concurrent;
using Milvus.Model;
using Milvus.Segments.Tests.Model;

namespace Milvus.Segments.Tests.Growing;

/// <summary>Readers run beside the writer of a growing segment without locks and never see half a batch or a torn row.</summary>
public class ConcurrencyTests
{
    private const int BatchRows = 37;

    [Theory]
    [InlineData(DataType.Int64)]
    [InlineData(DataType.VarChar)]
    public void Readers_beside_the_writer_see_whole_batches_only(DataType keyType)
    {
        var schema = StampedRows.Schema(keyType);
        var segment = new GrowingSegment(1, 2, schema);
        var errors = new ConcurrentQueue<Exception>();
        long applied = 0;
        var done = 0;
        var readers = Enumerable.Range(0, 3).Select(n => new Thread(() => Guard(errors, () => Read(new Random(n))))).ToList();
        readers.ForEach(t => t.Start());
        try
        {
            var random = new Random(99);
            for (var batch = 0; batch < 600; batch++)
            {
                var first = batch * BatchRows;
                segment.Append(StampedRows.Batch(schema, [.. Enumerable.Range(first, BatchRows).Select(k => ((long)k, (long)k + 1))]), new Timestamp((ulong)(2 * batch) + 1));
                // One whole earlier batch goes at once: whatever moment a reader picks, whole batches are visible.
                var doomed = random.Next(batch + 1) * BatchRows;
                segment.Delete(StampedRows.Keys(keyType, Enumerable.Range(doomed, BatchRows).Select(k => (long)k)), new Timestamp((ulong)(2 * batch) + 2));
                Volatile.Write(ref applied, (2 * batch) + 2);
            }
        }
        finally
        {
            Volatile.Write(ref done, 1);
            readers.ForEach(t => t.Join());
        }
        Assert.Empty(errors);

        void Read(Random random)
        {
            var scratch = new SegmentScratch();
            var rounds = 0;
            while (Volatile.Read(ref done) == 0 || rounds < 20)
            {
                rounds++;
                var newest = Volatile.Read(ref applied);
                var at = new Timestamp((ulong)(random.Next(3) == 0 ? random.NextInt64(newest + 1) : newest));
                var rows = SegmentQuery.Execute(segment, null, new ReadPoint(at), scratch);
                Assert.Equal(0, rows.Length % BatchRows);
                Assert.Equal(rows.Length, segment.CountVisible(new ReadPoint(at)));
                var some = rows.Length == 0 ? [] : rows.AsSpan(random.Next(rows.Length))[..1].ToArray();
                StampedRows.AssertWhole(segment, [.. some, .. rows.TakeLast(5)]);
                foreach (var row in some)
                {
                    var found = new List<int>();
                    segment.FindRows(segment.PrimaryKeysOf([row]), segment.RowCount, found);
                    Assert.Equal([row], found);
                }
                if (random.Next(4) == 0 && segment.RowCount is > 0 and var count)
                    StampedRows.AssertSame(
                        StampedRows.ColumnOf(schema.Find(StampedRows.Name)!, Enumerable.Range(1, Math.Min(count, ColumnLimits.BlockRows)).Select(s => (long)s)),
                        segment.ReadBlock(schema.Find(StampedRows.Name)!, 0, count),
                        "block");
            }
        }
    }

    private static void Guard(ConcurrentQueue<Exception> errors, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            errors.Enqueue(e);
        }
    }
}
