using Milvus.Model;

namespace Milvus.Segments.Tests.Rows;

public class VectorSlotsTests
{
    [Fact]
    public void Slots_number_the_rows_that_have_a_vector()
    {
        var random = new Random(3);
        for (var run = 0; run < 300; run++)
        {
            var rowCount = random.Next(1, 400);
            var density = random.NextDouble();
            bool[] valid = [.. Enumerable.Range(0, rowCount).Select(_ => random.NextDouble() < density)];
            valid[random.Next(rowCount)] = false;
            var slots = new VectorSlots(Validity.FromFlags(valid)!);
            int[] rows = [.. Enumerable.Range(0, rowCount).Where(r => valid[r])];
            Assert.Equal(rows, Enumerable.Range(0, slots.Count).Select(slots.RowOf));
            for (var row = 0; row < rowCount; row++) Assert.Equal(Array.IndexOf(rows, row), slots.SlotOf(row));

            // A reader of fewer rows, with any bits behind them.
            var seen = random.Next(rowCount + 1);
            var words = new ulong[Validity.WordCount(seen)];
            for (var i = 0; i < words.Length; i++) words[i] = (ulong)random.NextInt64() * 3;
            var count = slots.CountBelow(seen);
            Assert.Equal(rows.Count(r => r < seen), count);
            var places = new ulong[Validity.WordCount(count)];
            slots.Translate(words, seen, places);
            for (var slot = 0; slot < count; slot++) Assert.Equal(RowBits.IsSet(words, rows[slot]), RowBits.IsSet(places, slot));
            if ((count & 63) != 0) Assert.Equal(0UL, places[^1] >> (count & 63));
        }
    }
}
