using Milvus.Model;

namespace Milvus.Vectors.Tests.Kernels;

public sealed unsafe class KernelTests
{
    public static TheoryData<DataType, MetricType, InstructionSet> Kernels
    {
        get
        {
            var data = new TheoryData<DataType, MetricType, InstructionSet>();
            foreach ((DataType type, MetricType metric) in TestVectors.Pairs)
            {
                foreach (InstructionSet set in Enum.GetValues<InstructionSet>())
                    data.Add(type, metric, set);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Agrees_with_double_precision_at_every_length_and_alignment(DataType type, MetricType metric, InstructionSet set)
    {
        if (!InstructionSets.Runs(set))
            return;
        var random = new Random(7);
        foreach (int size in Enumerable.Range(1, 67).Append(128).Append(768))
        {
            int dimension = type == DataType.BinaryVector ? size * 8 : size;
            int bytes = type.VectorBytes(dimension);
            byte[] vectors = TestVectors.Random(random, type, dimension, 5);
            float[] distances = Distances(type, metric, set, dimension, vectors, random.Next(1, 64));
            for (int row = 0; row < 4; row++)
            {
                ReadOnlySpan<byte> query = vectors.AsSpan(4 * bytes), other = vectors.AsSpan(row * bytes, bytes);
                double expected = ReferenceDistance.Score(type, metric, dimension, query, other);
                double tolerance = type is DataType.Int8Vector or DataType.BinaryVector && metric != MetricType.Cosine ? 1e-7 : 3e-6;
                double scale = Math.Max(1, metric == MetricType.Cosine ? 1 : size * 4);
                double actual = metric.DistanceToScore(distances[row]);
                Assert.True(
                    Math.Abs(expected - actual) <= tolerance * scale, $"dimension {dimension} row {row}: {actual} instead of {expected}");
            }
        }
    }

    [Fact]
    public void Half_precision_converts_every_finite_pattern_exactly()
    {
        ushort[] patterns = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits).Where(bits => Half.IsFinite(BitConverter.UInt16BitsToHalf(bits)))];
        var decoded = new float[patterns.Length];
        fixed (ushort* source = patterns)
        fixed (float* target = decoded)
        {
            FloatDecoder.Decode(DataType.Float16Vector, (byte*)source, target, patterns.Length);
            for (int i = 0; i < patterns.Length; i++)
                Assert.Equal((float)BitConverter.UInt16BitsToHalf(patterns[i]), decoded[i]);

            var narrow = new float[8];
            fixed (float* eight = narrow)
            {
                for (int i = 0; i + 8 <= patterns.Length; i += 8)
                {
                    if (InstructionSets.Runs(InstructionSet.Avx2))
                        System.Runtime.Intrinsics.Vector256.Store(FloatLanes256.LoadHalf(source + i), eight);
                    else
                        FloatDecoder.Decode(DataType.Float16Vector, (byte*)(source + i), eight, 8);
                    Assert.Equal(decoded.AsSpan(i, 8), narrow.AsSpan());
                    System.Runtime.Intrinsics.Vector128.Store(FloatLanesPortable.LoadHalf(source + i), eight);
                    Assert.Equal(decoded.AsSpan(i, 4), narrow.AsSpan(0, 4));
                }
            }
        }
    }

    /// <summary>Sixteen rows at a time, of lengths that fill registers, leave a half or a word, or have more bits than counts of a byte hold.</summary>
    [Theory]
    [InlineData(MetricType.Jaccard)]
    [InlineData(MetricType.Hamming)]
    public void Rows_behind_one_another_are_counted_as_single_ones_are(MetricType metric)
    {
        const int Rows = 37;
        var random = new Random(5);
        foreach (int bytes in (int[])[32, 64, 96, 104, 160, 224, 928, 992, 1056, 2080])
        {
            byte[] vectors = TestVectors.Random(random, DataType.BinaryVector, bytes * 8, Rows);
            vectors.AsSpan(0, 3 * bytes).Fill(0xFF);
            vectors.AsSpan(3 * bytes, bytes).Clear();
            VectorStore store = TestVectors.Store(DataType.BinaryVector, bytes * 8, vectors);
            var found = new TopK();
            foreach (int query in (int[])[0, 3, 20])
            {
                new FlatIndex(store, metric).Search(store.Row(query), DataType.BinaryVector, new VectorSearchParameters(Rows), RowFilter.All, found);
                Assert.Equal(Rows, found.Count);
                for (int i = 0; i < Rows; i++)
                    Assert.Equal(ReferenceDistance.Score(DataType.BinaryVector, metric, bytes * 8, store.Row(query), store.Row(found.Rows[i])), found.Scores[i], 1e-6);
            }
        }
    }

    [Fact]
    public void Extreme_bytes_do_not_overflow()
    {
        const int Dimension = 32768;
        var query = new byte[Dimension];
        var row = new byte[Dimension];
        Array.Fill(query, unchecked((byte)(sbyte)-128));
        Array.Fill(row, (byte)127);
        foreach (InstructionSet set in Enum.GetValues<InstructionSet>().Where(InstructionSets.Runs))
        {
            float[] distances = Distances(DataType.Int8Vector, MetricType.L2, set, Dimension, [.. row, .. row, .. row, .. row, .. query], 3);
            Assert.Equal(Dimension * 255f * 255f, distances[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Rows_behind_one_another_have_the_distances_they_have_alone(DataType type, MetricType metric, InstructionSet set)
    {
        if (!InstructionSets.Runs(set))
            return;
        var random = new Random(11);
        int[] sizes = [.. Enumerable.Range(1, 67), 96, 100, 128, 192, 200, 768];
        foreach (int size in sizes)
            KernelDispatch.Visit(type, metric, set, new Contiguity(random, type, size, random.Next(0, 150), random.Next(1, 64)));
        foreach (int count in Enumerable.Range(0, 40))
            KernelDispatch.Visit(type, metric, set, new Contiguity(random, type, 16, count, 1));
    }

    /// <summary>The counts of bytes are summed before they overflow.</summary>
    [Theory]
    [InlineData(31 * 64)]
    [InlineData((31 * 64) + 1)]
    [InlineData(8000)]
    [InlineData(32768)]
    public void Every_bit_of_long_rows_is_counted(int length)
    {
        byte[] ones = new byte[length], rows = new byte[16 * length];
        Array.Fill(ones, byte.MaxValue);
        foreach (InstructionSet set in Enum.GetValues<InstructionSet>().Where(InstructionSets.Runs))
        {
            var compared = new Compared(ones, rows, length);
            Assert.All(KernelDispatch.Visit(DataType.BinaryVector, MetricType.Hamming, set, compared), distance => Assert.Equal(8f * length, distance));
            Assert.All(KernelDispatch.Visit(DataType.BinaryVector, MetricType.Jaccard, set, compared), distance => Assert.Equal(1f, distance));
            Assert.All(KernelDispatch.Visit(DataType.BinaryVector, MetricType.Substructure, set, compared), distance => Assert.Equal(1f, distance));
            Assert.All(KernelDispatch.Visit(DataType.BinaryVector, MetricType.Superstructure, set, compared), distance => Assert.Equal(0f, distance));
        }
    }

    /// <summary>Distances of the last of five vectors to the first four, from memory that starts off alignment.</summary>
    private static float[] Distances(DataType type, MetricType metric, InstructionSet set, int dimension, byte[] vectors, int misalignment)
    {
        int bytes = type.VectorBytes(dimension);
        VectorStore store = TestVectors.Store(type, dimension, vectors[..(4 * bytes)]);
        if (metric == MetricType.Cosine)
            store.EnsureNorms();
        var prepared = new PreparedQueries();
        prepared.Set(store, metric, vectors.AsSpan(4 * bytes), type, 1);
        return KernelDispatch.Visit(type, metric, set, new Comparison(store, prepared, vectors, misalignment));
    }

    private sealed class Comparison(VectorStore store, PreparedQueries prepared, byte[] vectors, int misalignment) : IKernelVisitor<float[]>
    {
        public float[] Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale
        {
            int bytes = store.RowBytes, length = KernelDispatch.Length(store.Type, store.Dimension);
            var moved = new PinnedBuffer((4 * bytes) + misalignment);
            byte* start = moved.Pointer + misalignment;
            vectors.AsSpan(0, 4 * bytes).CopyTo(new Span<byte>(start, 4 * bytes));
            var query = new PinnedBuffer((store.Dimension * 4) + misalignment);
            byte* unaligned = query.Pointer + misalignment;
            int queryBytes = FloatDecoder.IsNeededFor(store.Type) ? store.Dimension * 4 : bytes;
            new ReadOnlySpan<byte>(prepared.Pointer(0), queryBytes).CopyTo(new Span<byte>(unaligned, queryBytes));

            var four = new float[4];
            fixed (float* target = four)
                TKernel.Distance4(unaligned, start, start + bytes, start + (2 * bytes), start + (3 * bytes), length, target);
            for (int row = 0; row < 4; row++)
            {
                Assert.Equal(four[row], TKernel.Distance(unaligned, start + (row * bytes), length));
                four[row] = TScale.Apply(four[row], prepared.Scale(0), store.Norms, row);
            }

            GC.KeepAlive(moved);
            GC.KeepAlive(query);
            return four;
        }
    }

    /// <summary>Whether <see cref="IVectorKernel.Distances"/> writes what <see cref="IVectorKernel.Distance"/> returns for each of some random rows, and no more.</summary>
    private sealed class Contiguity(Random random, DataType type, int size, int count, int misalignment) : IKernelVisitor<bool>
    {
        public bool Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale
        {
            int dimension = type == DataType.BinaryVector ? size * 8 : size, bytes = type.VectorBytes(dimension);
            DataType queryType = FloatDecoder.IsNeededFor(type) ? DataType.FloatVector : type;
            byte[] vectors = TestVectors.Random(random, type, dimension, count);
            byte[] query = TestVectors.Random(random, queryType, dimension, 1);
            for (int row = 0; type == DataType.BinaryVector && row < count; row += 3)
            {
                // Rows that are subsets, supersets and empty, too.
                for (int i = 0; i < bytes; i++)
                    vectors[(row * bytes) + i] = (byte)(row % 4 == 0 ? query[i] & vectors[(row * bytes) + i] : row % 4 == 1 ? query[i] | vectors[(row * bytes) + i] : 0);
            }

            var moved = new PinnedBuffer((count * bytes) + misalignment);
            byte* start = moved.Pointer + misalignment;
            vectors.CopyTo(new Span<byte>(start, count * bytes));
            var distances = new float[count + 1];
            distances[count] = -7f;
            fixed (byte* compared = query)
            fixed (float* target = distances)
            {
                TKernel.Distances(compared, start, bytes, count, size, target);
                for (int row = 0; row < count; row++)
                    Assert.Equal(BitConverter.SingleToInt32Bits(TKernel.Distance(compared, start + (row * bytes), size)), BitConverter.SingleToInt32Bits(distances[row]));
            }

            Assert.Equal(-7f, distances[count]);
            GC.KeepAlive(moved);
            return true;
        }
    }

    private sealed class Compared(byte[] query, byte[] rows, int length) : IKernelVisitor<float[]>
    {
        public float[] Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale
        {
            var distances = new float[rows.Length / length];
            fixed (byte* compared = query)
            fixed (byte* start = rows)
            fixed (float* target = distances)
                TKernel.Distances(compared, start, length, distances.Length, length, target);
            return distances;
        }
    }
}
