using Milvus.Model;

namespace Milvus.Vectors.Tests.Quantisation;

public sealed unsafe class ResidualAndHalfTests
{
    [Fact]
    public void Every_stage_leaves_less_over_and_decoding_adds_up()
    {
        const int dimension = 24, rows = 1200;
        float[] data = KMeansTests.Floats(TestVectors.Random(new Random(3), DataType.FloatVector, dimension, rows));
        double before = data.Sum(x => (double)x * x);
        foreach (int stages in new[] { 1, 2, 4 })
        {
            float[] left = [.. data];
            var decoded = new float[dimension];
            fixed (float* start = data, rest = left, d = decoded)
            {
                ResidualQuantiser quantiser = ResidualQuantiser.Train(start, rows, dimension, stages, 4, 5, 9);
                Assert.Equal((stages, 4 * stages), (quantiser.Stages, quantiser.CodeLength));
                var codes = new ushort[rows * quantiser.CodeLength];
                fixed (ushort* c = codes)
                {
                    quantiser.Encode(rest, rows, c);
                    for (int row = 0; row < rows; row += 50)
                    {
                        quantiser.Decode(c + (row * quantiser.CodeLength), d);
                        for (int k = 0; k < dimension; k++)
                            Assert.Equal(data[(row * dimension) + k], decoded[k] + left[(row * dimension) + k], 1e-4);
                    }
                }
            }

            double cost = left.Sum(x => (double)x * x);
            Assert.True(cost < before * 0.9, $"{stages}: {cost} after {before}");
            before = cost;
        }
    }

    [Fact]
    public void Half_codes_are_the_nearest_numbers_of_their_kind()
    {
        var random = new Random(4);
        float[] numbers = [0f, -0f, 1f, -2.5f, 65504f, 1e6f, -1e6f, 3e-5f, -6e-8f, float.MaxValue, -float.MaxValue,
            .. Enumerable.Range(0, 2000).Select(_ => (random.NextSingle() - 0.5f) * MathF.Pow(10, random.Next(-6, 4)))];
        foreach ((DataType type, double relative, double absolute, float limit) in new[]
        {
            (DataType.Float16Vector, 1 / 2048.0, 3e-8, 65504f), (DataType.BFloat16Vector, 1 / 256.0, 1e-38, float.MaxValue),
        })
        {
            var codes = new byte[numbers.Length * 2];
            var decoded = new float[numbers.Length];
            HalfCodes.Encode(type, numbers, codes);
            HalfCodes.Decode(type, codes, decoded);
            for (int i = 0; i < numbers.Length; i++)
            {
                float expected = Math.Clamp(numbers[i], -limit, limit);
                Assert.True(float.IsFinite(decoded[i]));
                Assert.InRange(Math.Abs((double)decoded[i] - expected), 0, (Math.Abs((double)expected) * relative) + absolute);
            }
        }

        Assert.Throws<ArgumentException>(() => HalfCodes.Encode(DataType.FloatVector, numbers, new byte[4 * numbers.Length]));
        Assert.Throws<ArgumentException>(() => HalfCodes.Encode(DataType.Float16Vector, numbers, new byte[4]));
    }
}
