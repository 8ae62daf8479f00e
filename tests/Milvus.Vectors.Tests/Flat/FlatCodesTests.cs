using Milvus.Model;

namespace Milvus.Vectors.Tests.Flat;

/// <summary>An exact index that keeps its rows rounded to bytes has to answer like one that does not, to the last bit.</summary>
public sealed unsafe class FlatCodesTests
{
    private const int K = 10;

    public static TheoryData<DataType, MetricType> Pairs
    {
        get
        {
            var pairs = new TheoryData<DataType, MetricType>();
            foreach (DataType type in new[] { DataType.FloatVector, DataType.Float16Vector, DataType.BFloat16Vector })
            {
                foreach (MetricType metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
                    pairs.Add(type, metric);
            }

            return pairs;
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Answers_are_those_of_comparing_every_row(DataType type, MetricType metric)
    {
        var random = new Random(3);
        foreach ((int dimension, int rows) in new[] { (48, 3), (50, 255), (64, 256), (97, 1700), (160, 5200) })
        {
            VectorStore store = TestVectors.Store(type, dimension, TestVectors.Clustered(random, type, dimension, rows, 7));
            byte[] asked = TestVectors.Clustered(random, type, dimension, 40, 7);
            Check(store, metric, asked, null);
            Check(store, metric, asked, TestVectors.Bits(rows, _ => random.Next(3) == 0));
            Check(store, metric, asked, TestVectors.Bits(rows, row => row % 97 == 1));
            Check(store, metric, asked, TestVectors.Bits(rows, _ => false));
        }
    }

    /// <summary>Far from the origin, of one sign, without any extent, with equal rows, and where one component outweighs all others.</summary>
    [Fact]
    public void Rows_that_are_hard_to_round_are_not_lost()
    {
        var random = new Random(9);
        const int Dimension = 72, Rows = 2600;
        var makers = new Func<int, int, float>[]
        {
            (_, _) => 100 + (random.NextSingle() * 0.01f),
            (_, _) => -random.NextSingle(),
            (row, _) => row % 5 == 0 ? 0 : random.NextSingle(),
            (row, k) => k == 0 ? 5000 + random.NextSingle() : random.NextSingle(),
            (row, _) => row % 3,
            (_, _) => (random.NextSingle() - 0.5f) * 1e-30f,
            (_, _) => (random.NextSingle() - 0.5f) * 1e15f,
            (_, k) => MathF.Round(random.NextSingle() * 255),
        };
        foreach (Func<int, int, float> make in makers)
        {
            var values = new float[Rows * Dimension];
            for (int i = 0; i < values.Length; i++)
                values[i] = make(i / Dimension, i % Dimension);
            byte[] bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
            VectorStore store = TestVectors.Store(DataType.FloatVector, Dimension, bytes);
            foreach (MetricType metric in new[] { MetricType.L2, MetricType.IP, MetricType.Cosine })
                Check(store, metric, bytes[..(20 * Dimension * sizeof(float))], null);
        }
    }

    [Fact]
    public void Ranges_stay_exact()
    {
        var random = new Random(5);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 64, TestVectors.Random(random, DataType.FloatVector, 64, 1500));
        byte[] query = TestVectors.Random(random, DataType.FloatVector, 64, 1);
        var plain = new FlatIndex(store, MetricType.L2, 1500);
        var coded = new FlatIndex(store, MetricType.L2, 1500, keepsCodes: true);
        TopK all = new(), wanted = new(), found = new();
        plain.Search(query, DataType.FloatVector, new VectorSearchParameters(1500), default, all);
        var range = new VectorSearchParameters(1500) { Radius = all.Scores[700], RangeFilter = all.Scores[20] };
        for (int i = 0; i < 2; i++)
        {
            plain.Search(query, DataType.FloatVector, range, default, wanted);
            coded.Search(query, DataType.FloatVector, range, default, found);
            Assert.Equal(wanted.Rows, found.Rows);
            Assert.Equal(680, found.Rows.Length);
        }
    }

    [Fact]
    public void Codes_take_what_was_announced_and_only_when_rows_were_searched()
    {
        if (FlatIndex.BytesPerRow(DataType.FloatVector, 128) == 0)
            return;
        var random = new Random(6);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 128, TestVectors.Random(random, DataType.FloatVector, 128, 4096));
        var index = new FlatIndex(store, MetricType.L2, 4096, keepsCodes: true);
        var found = new TopK();
        Assert.Equal(0, index.MemoryBytes);
        index.Search(store.Row(1), DataType.FloatVector, new VectorSearchParameters(K), new RowFilter(TestVectors.Bits(4096, row => row == 77)), found);
        Assert.Equal(0, index.MemoryBytes);
        index.Search(store.Row(1), DataType.FloatVector, new VectorSearchParameters(K), default, found);
        Assert.InRange(index.MemoryBytes, 4096 * FlatIndex.BytesPerRow(DataType.FloatVector, 128), (4096 * FlatIndex.BytesPerRow(DataType.FloatVector, 128)) + 4096);
        Assert.Equal(0, FlatIndex.BytesPerRow(DataType.Int8Vector, 128));
        Assert.Equal(0, FlatIndex.BytesPerRow(DataType.FloatVector, 8));
    }

    [Fact]
    public void Searches_that_meet_while_rows_are_rounded_all_answer_exactly()
    {
        var random = new Random(8);
        const int Rows = 9000;
        VectorStore store = TestVectors.Store(DataType.FloatVector, 96, TestVectors.Clustered(random, DataType.FloatVector, 96, Rows, 20));
        byte[][] asked = [.. Enumerable.Range(0, 16).Select(_ => TestVectors.Clustered(random, DataType.FloatVector, 96, 1, 20))];
        var plain = new FlatIndex(store, MetricType.IP, Rows);
        for (int round = 0; round < 5; round++)
        {
            var coded = new FlatIndex(store, MetricType.IP, Rows, keepsCodes: true);
            Parallel.For(0, asked.Length, i =>
            {
                TopK wanted = new(), found = new();
                plain.Search(asked[i], DataType.FloatVector, new VectorSearchParameters(K), default, wanted);
                coded.Search(asked[i], DataType.FloatVector, new VectorSearchParameters(K), default, found);
                Assert.Equal(wanted.Rows.ToArray(), found.Rows.ToArray());
                Assert.Equal(wanted.Scores.ToArray(), found.Scores.ToArray());
            });
        }
    }

    [Fact]
    public void Rounding_is_known_to_the_row()
    {
        var random = new Random(4);
        foreach (int dimension in new[] { 1, 15, 16, 63, 64, 130, 700 })
        {
            int padded = (dimension + 31) / 32 * 32;
            var codes = new byte[padded];
            var vector = new float[dimension];
            for (int trial = 0; trial < 20; trial++)
            {
                float shift = trial % 3 == 0 ? 0 : random.NextSingle() - 0.5f;
                for (int k = 0; k < dimension; k++)
                    vector[k] = ((random.NextSingle() - 0.5f) * trial) + shift;
                RoundedRow rounded;
                fixed (float* v = vector)
                fixed (byte* c = codes)
                    rounded = RoundedRow.Of(v, dimension, c, padded);
                double norm = 0, error = 0;
                for (int k = 0; k < dimension; k++)
                {
                    norm += (double)vector[k] * vector[k];
                    error += Math.Pow(vector[k] - ((codes[k] - rounded.Zero) * (double)rounded.Step), 2);
                }

                Assert.Equal(Math.Sqrt(norm), rounded.Norm, 1e-5 * Math.Sqrt(norm));
                Assert.Equal(Math.Sqrt(error), rounded.Error, (1e-4 * rounded.Step * Math.Sqrt(dimension)) + (1e-6 * Math.Sqrt(norm)));
                Assert.InRange(rounded.Zero, 0, 255);
                Assert.True(rounded.Error <= 0.51 * rounded.Step * Math.Sqrt(dimension) + 1e-6);
                Assert.All(codes[dimension..], code => Assert.Equal(0, code));
                CheckNarrow(vector, codes, rounded);
            }
        }
    }

    private static void CheckNarrow(float[] vector, byte[] codes, RoundedRow rounded)
    {
        var six = new byte[codes.Length];
        RoundedRow narrow;
        fixed (byte* c = codes, s = six)
            narrow = rounded.Narrow(c, s, codes.Length, rounded.NarrowError(c, vector.Length));
        double error = 0;
        for (int k = 0; k < vector.Length; k++)
        {
            error += Math.Pow(vector[k] - ((six[k] - narrow.Zero) * (double)narrow.Step), 2);
            if (codes[k] == rounded.Zero)
                Assert.Equal(narrow.Zero, six[k]);
        }

        Assert.All(six, code => Assert.InRange(code, 0, NarrowTile.MostOfRow));
        Assert.Equal(rounded.Norm, narrow.Norm);
        Assert.InRange(narrow.Error, (Math.Sqrt(error) * 0.9999) - (1e-6 * rounded.Norm), (Math.Sqrt(error) * 1.0001) + (2 * rounded.Error) + 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Candidates_hold_the_best_whatever_the_order(int seed)
    {
        var random = new Random(seed);
        var candidates = new CandidateRows();
        for (int trial = 0; trial < 50; trial++)
        {
            int rows = random.Next(1, 1500), k = random.Next(1, 30);
            double[] distances = [.. Enumerable.Range(0, rows).Select(_ => random.NextDouble() * 10)];
            candidates.Reset(k);
            for (int row = 0; row < rows; row++)
            {
                float low = (float)(distances[row] - random.NextDouble()), high = (float)(distances[row] + random.NextDouble());
                bool isUnknown = random.Next(50) == 0;
                if (!isUnknown && low > candidates.Bound)
                    continue;
                candidates.Add(row, isUnknown ? float.NaN : low, isUnknown ? float.NaN : high, candidates.Bound);
            }

            candidates.Keep(candidates.Bound);
            int[] kept = candidates.Rows.ToArray();
            Assert.Equal(kept.Order(), kept);
            Assert.Subset(kept.ToHashSet(), Enumerable.Range(0, rows).OrderBy(row => distances[row]).Take(k).ToHashSet());
        }
    }

    /// <summary>Rows need not be numbers: what is then compared is what is compared without codes.</summary>
    [Fact]
    public void Rows_with_infinite_components_are_compared_directly()
    {
        var random = new Random(2);
        byte[] rows = TestVectors.Random(random, DataType.FloatVector, 64, 3000);
        BitConverter.TryWriteBytes(rows.AsSpan(2500 * 256), float.PositiveInfinity);
        BitConverter.TryWriteBytes(rows.AsSpan((2600 * 256) + 40), float.NaN);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 64, rows);
        Check(store, MetricType.IP, rows[..(12 * 256)], null);
    }

    private static void Check(VectorStore store, MetricType metric, byte[] asked, ulong[]? bits)
    {
        var plain = new FlatIndex(store, metric, store.Count);
        var coded = new FlatIndex(store, metric, store.Count, keepsCodes: true);
        int queries = asked.Length / store.RowBytes;
        foreach (int some in new[] { 1, 1, 5, Math.Min(9, queries), queries })
        {
            ReadOnlySpan<byte> few = asked.AsSpan(0, some * store.RowBytes);
            TopK first = CheckAlike(plain, coded, few, new VectorSearchParameters(K), bits);
            if (first.Count < K || !float.IsFinite(first.Scores[1]) || first.Scores[1] == first.Scores[8])
                continue;

            // Ranges that some queries have more rows in than they want, others fewer or none.
            (float near, float far) = (first.Scores[1], first.Scores[8]);
            CheckAlike(plain, coded, few, new VectorSearchParameters(K / 2) { Radius = far, RangeFilter = near }, bits);
            CheckAlike(plain, coded, few, new VectorSearchParameters(K) { Radius = far + ((far - near) * 3) }, bits);
        }
    }

    /// <returns>What the first query finds.</returns>
    private static TopK CheckAlike(FlatIndex plain, FlatIndex coded, ReadOnlySpan<byte> asked, in VectorSearchParameters parameters, ulong[]? bits)
    {
        RowFilter filter = bits is null ? RowFilter.All : new RowFilter(bits);
        int queries = asked.Length / plain.Store.RowBytes;
        TopK[] wanted = [.. Enumerable.Range(0, queries).Select(_ => new TopK())], found = [.. Enumerable.Range(0, queries).Select(_ => new TopK())];
        plain.SearchBatch(asked, plain.Store.Type, parameters, filter, wanted);
        coded.SearchBatch(asked, plain.Store.Type, parameters, filter, found);
        for (int q = 0; q < queries; q++)
        {
            Assert.Equal(wanted[q].Rows, found[q].Rows);
            Assert.Equal(wanted[q].Scores, found[q].Scores);
        }

        return wanted[0];
    }
}
