using Milvus.Model;

namespace Milvus.Vectors.Tests.Quantised;

public sealed unsafe class CodeSpaceTests
{
    [Theory]
    [InlineData(DataType.FloatVector, MetricType.L2, false)]
    [InlineData(DataType.FloatVector, MetricType.IP, false)]
    [InlineData(DataType.FloatVector, MetricType.Cosine, false)]
    [InlineData(DataType.Float16Vector, MetricType.L2, false)]
    [InlineData(DataType.BFloat16Vector, MetricType.Cosine, false)]
    [InlineData(DataType.Int8Vector, MetricType.IP, false)]
    [InlineData(DataType.FloatVector, MetricType.L2, true)]
    [InlineData(DataType.FloatVector, MetricType.IP, true)]
    [InlineData(DataType.FloatVector, MetricType.Cosine, true)]
    [InlineData(DataType.Int8Vector, MetricType.Cosine, true)]
    public void Distances_are_nearly_those_of_the_vectors(DataType type, MetricType metric, bool rotates)
    {
        const int Dimension = 70;
        VectorStore store = TestVectors.Store(type, Dimension, TestVectors.Clustered(new Random(3), type, Dimension, 300, 5));
        if (metric == MetricType.Cosine)
            store.EnsureNorms();
        CodedRows rows = CodedRows.Of(store, CodeSpace.Fit(store, metric, rotates ? new RandomRotation(Dimension, 1) : null), 2);
        Distances distances = rows.Visit(new Distances(rows, store));
        double scale = 0, worst = 0;
        for (int i = 0; i < 300; i += 13)
        {
            for (int j = 0; j < 300; j += 7)
            {
                double exact = metric.ScoreToDistance((float)ReferenceDistance.Score(type, metric, Dimension, store.Row(i), store.Row(j)));
                scale = Math.Max(scale, Math.Abs(exact));
                worst = Math.Max(worst, Math.Max(Math.Abs(exact - distances.BetweenRows(i, j)), Math.Abs(exact - distances.FromQuery(i, j))));
            }
        }

        Assert.True(worst < 0.02 * scale, $"{worst} of {scale}");
    }

    [Fact]
    public void Whole_numbers_of_a_byte_are_kept_exactly()
    {
        var random = new Random(4);
        var values = new float[200 * 33];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.Next(256);
        VectorStore store = TestVectors.Store(DataType.FloatVector, 33, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        CodedRows rows = CodedRows.Of(store, CodeSpace.Fit(store, MetricType.L2), 1);
        Distances distances = rows.Visit(new Distances(rows, store));
        for (int i = 0; i < 200; i += 9)
        {
            for (int j = 0; j < 200; j += 5)
            {
                double exact = ReferenceDistance.Score(DataType.FloatVector, MetricType.L2, 33, store.Row(i), store.Row(j));
                Assert.Equal(exact, distances.BetweenRows(i, j));
            }
        }
    }

    [Fact]
    public void Odd_inputs_do_no_harm()
    {
        VectorStore none = VectorStore.Create(DataType.FloatVector, 5, 0);
        Assert.Equal(0, CodedRows.Of(none, CodeSpace.Fit(none, MetricType.L2), 2).Count);
        VectorStore zeros = TestVectors.Store(DataType.FloatVector, 5, new byte[60]);
        zeros.EnsureNorms();
        CodedRows rows = CodedRows.Of(zeros, CodeSpace.Fit(zeros, MetricType.Cosine), 1);
        Assert.Equal(0, rows.Visit(new Distances(rows, zeros)).FromQuery(0, 1));
    }

    /// <summary>Distances by the kernel, from a row taken as a query and from a row's code.</summary>
    internal class Distances(CodedRows rows, VectorStore store) : IKernelVisitor<Distances>
    {
        public virtual float BetweenRows(int i, int j) => 0;

        public virtual float FromQuery(int i, int j) => 0;

        public Distances Visit<TKernel, TScale>()
            where TKernel : struct, IVectorKernel
            where TScale : struct, IRowScale => new Typed<TKernel, TScale>(rows, store);
    }

    private sealed class Typed<TKernel, TScale>(CodedRows rows, VectorStore store) : Distances(rows, store)
        where TKernel : struct, IVectorKernel
        where TScale : struct, IRowScale
    {
        private readonly CodedRows _rows = rows;
        private readonly VectorStore _store = store;

        public override float BetweenRows(int i, int j)
        {
            var room = new PinnedBuffer(_rows.QueryBytes);
            byte* query = _rows.AsQuery(i, room.Pointer, out float scale);
            float distance = new RowScorer<TKernel, TScale>(query, scale, _rows.Length, _rows.Rows, _rows.Norms, _rows.RowBytes).Score(j);
            GC.KeepAlive(room);
            return distance;
        }

        public override float FromQuery(int i, int j)
        {
            PinnedBuffer centred = _rows.Space.NewVector();
            var room = new PinnedBuffer(_rows.QueryBytes);
            _rows.Space.Centre(_store.RowPointer(i), (float*)centred.Pointer);
            _rows.Space.Prepare((float*)centred.Pointer, room.Pointer);
            float* four = stackalloc float[4];
            var scorer = new RowScorer<TKernel, TScale>(room.Pointer, 1, _rows.Length, _rows.Rows, _rows.Norms, _rows.RowBytes);
            scorer.Score4(j, 0, j, 1, four);
            Assert.Equal(scorer.Score(j), four[0]);
            Assert.Equal(scorer.Score(j), four[2]);
            GC.KeepAlive(room);
            GC.KeepAlive(centred);
            return four[0];
        }
    }
}
