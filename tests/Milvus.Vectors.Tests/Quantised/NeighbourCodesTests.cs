using Milvus.Model;

namespace Milvus.Vectors.Tests.Quantised;

public sealed unsafe class NeighbourCodesTests
{
    /// <summary>The error of an estimate is about |r| |q − p| ÷ √D, without bias.</summary>
    [Theory]
    [InlineData(MetricType.L2, 96)]
    [InlineData(MetricType.IP, 96)]
    [InlineData(MetricType.Cosine, 200)]
    public void Estimates_scatter_little_around_the_distance(MetricType metric, int dimension)
    {
        const int Rows = 600;
        VectorStore store = TestVectors.Store(DataType.FloatVector, dimension, TestVectors.Clustered(new Random(1), DataType.FloatVector, dimension, Rows, 6));
        HnswIndex index = HnswBuilder.Build(store, metric, new HnswParameters { M = 16, EfConstruction = 60, Codes = GraphCodes.Signs });
        CodedRows rows = CodedRows.Of(store, CodeSpace.Fit(store, metric, new RandomRotation(dimension, 42)), 1);
        NeighbourCodes codes = NeighbourCodes.Of(index.Graph, rows, 1);
        Assert.Equal(NeighbourCodes.BytesOf(dimension), codes.RecordBytes);
        PinnedBuffer centred = rows.Space.NewVector(), node = rows.Space.NewVector(), other = rows.Space.NewVector();
        var signs = new SignQuery();
        ushort* sums = stackalloc ushort[32];
        double bias = 0, squares = 0;
        int count = 0;
        for (int q = 0; q < Rows; q += 29)
        {
            rows.Space.Centre(store.RowPointer(q), (float*)centred.Pointer);
            signs.Set((float*)centred.Pointer, rows.Space.Width);
            for (int row = 0; row < Rows; row += 7)
            {
                byte* record = codes.Records.Pointer(row);
                float* factors = (float*)(record + codes.CodeBytes);
                int* names = (int*)(factors + 64);
                NibbleScan.Sum(record, signs.Tables, rows.Space.Width / 4, sums);
                rows.Space.Decode(rows.Rows.Pointer(row), (float*)node.Pointer);
                for (int i = 0; i < 32; i++)
                {
                    if (names[i] == row)
                        continue;
                    rows.Space.Decode(rows.Rows.Pointer(names[i]), (float*)other.Pointer);
                    double estimate = Distance(store, metric, q, row) + factors[i] + (factors[32 + i] * ((signs.Factor * sums[i]) + signs.Constant));
                    double unit = Length(node, other, rows.Space.Width) * Length(node, centred, rows.Space.Width) / Math.Sqrt(rows.Space.Width) * (metric == MetricType.L2 ? 2 : 1);
                    double error = (estimate - Distance(store, metric, q, names[i])) / Math.Max(unit, 1e-6);
                    if (unit < 1e-4)
                        continue;
                    bias += error;
                    squares += error * error;
                    count++;
                }
            }
        }

        Assert.True(count > 1000);
        Assert.True(Math.Abs(bias / count) < 0.1, $"bias {bias / count}");
        Assert.InRange(Math.Sqrt(squares / count), 0.2, 1.2);
    }

    private static double Distance(VectorStore store, MetricType metric, int left, int right) =>
        metric.ScoreToDistance((float)ReferenceDistance.Score(store.Type, metric, store.Dimension, store.Row(left), store.Row(right)));

    private static double Length(PinnedBuffer left, PinnedBuffer right, int width)
    {
        double sum = 0;
        for (int i = 0; i < width; i++)
            sum += Math.Pow(((float*)left.Pointer)[i] - ((float*)right.Pointer)[i], 2);
        return Math.Sqrt(sum);
    }
}
