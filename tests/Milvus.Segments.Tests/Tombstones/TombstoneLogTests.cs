using Milvus.Model;

namespace Milvus.Segments.Tests.Tombstones;

public class TombstoneLogTests
{
    [Fact]
    public void A_log_without_deletes_keeps_no_bits()
    {
        var log = new TombstoneLog();
        Assert.Null(log.LiveRows(Timestamp.Max, 100));
        Assert.Equal(0, log.CountAt(Timestamp.Max));
    }

    [Fact]
    public void Deletes_in_any_order_read_like_the_earliest_delete_of_each_row()
    {
        var random = new Random(5);
        for (var run = 0; run < 30; run++)
        {
            var log = new TombstoneLog();
            var deletedAt = new Dictionary<int, ulong>();
            ulong clock = 10;
            var rowCount = 0;
            for (var step = 0; step < 40; step++)
            {
                rowCount += random.Next(100);
                if (rowCount == 0) continue;
                clock += (ulong)random.Next(3);
                // Now and then a late one, as when a file of older deletes is applied.
                var at = random.Next(6) == 0 ? (ulong)random.NextInt64((long)clock) : clock;
                int[] rows = [.. Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(rowCount))];
                var added = log.Append(rows, new Timestamp(at));
                Assert.Equal(rows.Distinct().Count(r => !deletedAt.ContainsKey(r)), added);
                foreach (var row in rows) deletedAt[row] = Math.Min(deletedAt.GetValueOrDefault(row, ulong.MaxValue), at);

                var read = random.Next(3) == 0 ? (ulong)random.NextInt64((long)clock + 2) : clock;
                // A reader may have counted the rows before the newest ones came.
                var seen = random.Next(2) == 0 ? rowCount : random.Next(rowCount + 1);
                var live = log.LiveRows(new Timestamp(read), seen);
                var wrong = Enumerable.Range(0, seen).Count(row =>
                    deletedAt.GetValueOrDefault(row, ulong.MaxValue) > read != (live is null || (live[row >> 6] >> (row & 63) & 1) != 0));
                Assert.Equal(0, wrong);
                Assert.Equal(deletedAt.Values.Count(d => d <= read), log.CountAt(new Timestamp(read)));
            }
            Assert.Equal(deletedAt.Count, log.Count);
        }
    }

    [Fact]
    public void Readers_at_the_present_share_one_array()
    {
        var log = new TombstoneLog();
        log.Append([1, 2], new Timestamp(5));
        Assert.Same(log.LiveRows(new Timestamp(9), 128), log.LiveRows(Timestamp.Max, 128));
    }

    [Fact]
    public void Since_gives_later_deletes_in_time_order()
    {
        var log = new TombstoneLog();
        log.Append([4], new Timestamp(5));
        log.Append([3, 1], new Timestamp(7));
        log.Append([9], new Timestamp(6));
        var (rows, times) = log.Since(new Timestamp(5));
        Assert.Equal([6UL, 7UL, 7UL], times.Select(t => t.Value));
        Assert.Equal(9, rows[0]);
        Assert.Equal([1, 3], rows[1..].Order());
    }
}
