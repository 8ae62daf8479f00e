using Milvus.Model;

namespace Milvus.Vectors.Tests.Disk;

public sealed unsafe class PackedDotTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Sums_are_those_of_the_codes(int bits)
    {
        var random = new Random(bits);
        foreach (int count in (int[])[1, 16, 33, 64, 250, 256, 768, 1000])
        {
            int blocks = (count + PackedDot.PerBlock(bits) - 1) / PackedDot.PerBlock(bits);
            ushort[] codes = [.. Enumerable.Range(0, count).Select(_ => (ushort)random.Next(1 << bits))];
            var query = new sbyte[blocks * PackedDot.PerBlock(bits)];
            int expected = 0;
            for (int i = 0; i < count; i++)
            {
                query[i] = (sbyte)(random.Next(255) - 127);
                expected += codes[i] * query[i];
            }

            var packed = new byte[blocks * PackedDot.BlockBytes];
            PackedDot.Pack(codes, bits, packed);
            fixed (byte* code = packed)
            fixed (sbyte* start = query)
            {
                Assert.Equal(expected, PackedDot.Of(code, start, blocks, bits));
                Assert.Equal(expected, PackedDot.Portable(code, start, blocks, bits));
            }
        }
    }

    [Theory]
    [InlineData(MetricType.L2, 1, 0.12)]
    [InlineData(MetricType.L2, 2, 0.06)]
    [InlineData(MetricType.L2, 4, 0.02)]
    [InlineData(MetricType.IP, 4, 0.02)]
    [InlineData(MetricType.Cosine, 4, 0.02)]
    public void Estimates_are_as_near_as_their_bits_allow(MetricType metric, int bits, double tolerance)
    {
        VectorStore store = DiskFixture.Rows(DataType.FloatVector, 200, 300);
        DiskCodes codes = DiskCodes.Encode(store, metric, bits, 42, 1, out int medoid);
        Assert.InRange(medoid, 0, 299);
        var query = new DiskQuery();
        double error = 0, spread = 0;
        for (int i = 0; i < 10; i++)
        {
            codes.Prepare(DataType.FloatVector, store.RowPointer(i), query);
            double[] scores = [.. Enumerable.Range(0, 300).Select(row => ReferenceDistance.Score(store.Type, metric, 200, store.Row(i), store.Row(row)))];
            for (int row = 0; row < 300; row++)
            {
                double estimate = metric.DistanceToScore(DiskCodes.Estimate(codes.Entries.Pointer(row), query, codes.Blocks, codes.Bits));
                error += Math.Abs(estimate - scores[row]);
            }

            spread += scores.Max() - scores.Min();
        }

        Assert.InRange(error / (10 * 300) / (spread / 10), 0, tolerance);
    }

    [Fact]
    public void Rows_met_are_told_from_others()
    {
        var met = new MetRows();
        var random = new Random(3);
        for (int round = 0; round < 3; round++)
        {
            met.Begin(round == 1 ? 5000 : 10);
            var model = new HashSet<int>();
            for (int i = 0; i < 20_000; i++)
            {
                int row = random.Next(30_000);
                Assert.Equal(model.Add(row), met.Add(row));
            }
        }
    }
}
