using Milvus.Model;

namespace Milvus.Vectors.Tests.Coded;

/// <summary>Distances from persisted codes of rows are what the decoded rows give.</summary>
public sealed unsafe class RowCodesTests
{
    public static TheoryData<RowCoding, DataType, MetricType> Cases
    {
        get
        {
            var cases = new TheoryData<RowCoding, DataType, MetricType>();
            foreach (RowCoding coding in Enum.GetValues<RowCoding>())
            {
                if (coding is RowCoding.None or RowCoding.Exact)
                    continue;
                foreach ((DataType type, MetricType metric) in TestVectors.Pairs.Where(pair => pair.Type is DataType.FloatVector or DataType.Int8Vector))
                    cases.Add(coding, type, metric);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Distances_are_near_those_of_the_vectors(RowCoding coding, DataType type, MetricType metric)
    {
        foreach (int dimension in new[] { 8, 60, 70 })
        {
            VectorStore store = TestVectors.Store(type, dimension, TestVectors.Clustered(new Random(3), type, dimension, 1200, 5));
            RowCodes codes = Encode(store, metric, coding);
            double scale = 0, sum = 0;
            int count = 0;
            foreach (int query in new[] { 0, 17, 300 })
            {
                float[] distances = codes.Visit(new Scan(codes, type, store.Row(query).ToArray()));
                for (int row = 0; row < store.Count; row += 7)
                {
                    double exact = metric.ScoreToDistance((float)ReferenceDistance.Score(type, metric, dimension, store.Row(query), store.Row(row)));
                    scale = Math.Max(scale, Math.Abs(exact));
                    sum += Math.Abs(exact - distances[row]);
                    count++;
                }
            }

            double allowed = coding switch
            {
                RowCoding.Float16 or RowCoding.BFloat16 => 0.006,
                RowCoding.Scalar8 => 0.01,
                RowCoding.Scalar6 => 0.02,
                _ => 0.08,
            };
            Assert.True(sum / count < allowed * scale, $"{sum / count} of {scale} at {dimension}");
        }
    }

    [Theory]
    [InlineData(RowCoding.Scalar6)]
    [InlineData(RowCoding.BFloat16)]
    [InlineData(RowCoding.Product)]
    public void Coding_ends_when_it_is_cancelled(RowCoding coding)
    {
        VectorStore store = TestVectors.Store(DataType.FloatVector, 8, TestVectors.Random(new Random(1), DataType.FloatVector, 8, 3000));
        Assert.ThrowsAny<OperationCanceledException>(
            () => RowCodes.Encode(store, MetricType.L2, coding, Parameters(coding, 8), 1, 2, new CancellationToken(true)));
    }

    [Theory]
    [InlineData(4)]
    [InlineData(6)]
    public void Packed_lanes_sum_what_unpacked_bytes_do(int bits)
    {
        var random = new Random(bits);
        foreach (int dimension in new[] { 1, 63, 64, 65, 200, 768 })
        {
            ScalarQuantiser quantiser = ScalarQuantiser.For(bits, new float[dimension], [.. Enumerable.Repeat(1f, dimension)]);
            int length = quantiser.PaddedDimension;
            var rows = new byte[4 * quantiser.CodeBytes];
            random.NextBytes(rows);
            var weights = new sbyte[length];
            random.NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(weights.AsSpan()));
            var wide = new byte[length];
            var expected = new int[4];
            fixed (byte* start = rows, unpacked = wide)
            fixed (sbyte* query = weights)
            {
                for (int row = 0; row < 4; row++)
                {
                    quantiser.Unpack(start + (row * quantiser.CodeBytes), unpacked);
                    for (int i = 0; i < length; i++)
                        expected[row] += wide[i] * weights[i];
                }

                foreach (int[] found in bits == 4
                    ? new[] { Dots<NibbleLanes<ByteProductsVnni>>(start, quantiser.CodeBytes, query, length, System.Runtime.Intrinsics.X86.AvxVnni.IsSupported), Dots<NibbleLanes<ByteProducts256>>(start, quantiser.CodeBytes, query, length, System.Runtime.Intrinsics.X86.Avx2.IsSupported), Dots<NibbleLanes<ByteProductsPortable>>(start, quantiser.CodeBytes, query, length, true) }
                    : [Dots<SixBitLanes<ByteProductsVnni>>(start, quantiser.CodeBytes, query, length, System.Runtime.Intrinsics.X86.AvxVnni.IsSupported), Dots<SixBitLanes<ByteProducts256>>(start, quantiser.CodeBytes, query, length, System.Runtime.Intrinsics.X86.Avx2.IsSupported), Dots<SixBitLanes<ByteProductsPortable>>(start, quantiser.CodeBytes, query, length, true)])
                {
                    if (found.Length > 0)
                        Assert.Equal(expected, found);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Codes_of_few_rows_and_of_equal_rows_do_no_harm(RowCoding coding, DataType type, MetricType metric)
    {
        foreach (int rows in new[] { 1, 2, 5 })
        {
            VectorStore zeros = TestVectors.Store(type, 8, new byte[rows * type.VectorBytes(8)]);
            RowCodes codes = Encode(zeros, metric, coding);
            Assert.All(codes.Visit(new Scan(codes, type, zeros.Row(0).ToArray())), distance => Assert.Equal(0, distance));
        }
    }

    internal static RowCodeParameters Parameters(RowCoding coding, int dimension) => coding == RowCoding.Product
        ? new RowCodeParameters(coding) { Parts = dimension / 2, Stages = 2, Bits = 8 }
        : new RowCodeParameters(coding);

    private static RowCodes Encode(VectorStore store, MetricType metric, RowCoding coding) =>
        RowCodes.Encode(store, metric, coding, Parameters(coding, store.Dimension).For(store.Count), 7, 2);

    private static int[] Dots<TLanes>(byte* rows, int bytes, sbyte* query, int length, bool isSupported)
        where TLanes : struct, ICodeLanes
    {
        if (!isSupported)
            return [];
        int* dots = stackalloc int[4];
        TLanes.Dot4(rows, rows + bytes, rows + (2 * bytes), rows + (3 * bytes), query, length, dots);
        for (int row = 0; row < 4; row++)
            Assert.Equal(dots[row], TLanes.Dot(rows + (row * bytes), query, length));
        return [dots[0], dots[1], dots[2], dots[3]];
    }

    /// <summary>The distances of all rows from one query; four at a time and one by one are the same.</summary>
    private sealed class Scan(RowCodes codes, DataType type, byte[] query) : IKernelVisitor<float[]>
    {
        public float[] Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale
        {
            var vector = new PinnedBuffer(codes.Dimension * sizeof(float));
            var prepared = new PinnedBuffer(codes.QueryBytes);
            fixed (byte* source = query)
                FloatRows.Decode(type, source, (float*)vector.Pointer, codes.Dimension);
            if (codes.Metric == MetricType.Cosine)
                FloatRows.Normalise((float*)vector.Pointer, codes.Dimension);
            codes.Prepare((float*)vector.Pointer, prepared.Pointer);
            var scorer = new RowScorer<TKernel, TScale>(prepared.Pointer, 1, codes.Length, codes.Rows, codes.Norms, codes.RowBytes);
            var distances = new float[codes.Count];
            float* four = stackalloc float[4];
            for (int row = 0; row < distances.Length; row++)
            {
                distances[row] = scorer.Score(row);
                scorer.Score4(row, 0, row, distances.Length - 1, four);
                Assert.Equal(distances[row], four[0]);
                Assert.Equal(distances[row], four[2]);
            }

            GC.KeepAlive(vector);
            GC.KeepAlive(prepared);
            GC.KeepAlive(codes);
            return distances;
        }
    }
}
