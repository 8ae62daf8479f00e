using FsCheck;
using FsCheck.Fluent;
using Milvus.Model;

namespace Milvus.Vectors.Tests.Quantisation;

public sealed unsafe class QuantiserTests
{
    [Fact]
    public void Scalar_codes_are_within_half_a_step()
    {
        Gen<(int Bits, int Dimension, int Seed)> cases =
            from bits in Gen.Elements(4, 6, 8)
            from dimension in Gen.Choose(1, 200)
            from seed in Gen.Choose(0, int.MaxValue)
            select (bits, dimension, seed);
        Prop.ForAll(cases.ToArbitrary(), sample =>
        {
            var random = new Random(sample.Seed);
            float[] least = [.. Enumerable.Range(0, sample.Dimension).Select(_ => (random.NextSingle() - 0.5f) * 100)];
            float[] largest = [.. least.Select(x => x + (random.Next(5) == 0 ? 0 : random.NextSingle() * 50))];
            ScalarQuantiser quantiser = ScalarQuantiser.For(sample.Bits, least, largest);
            Assert.Equal(quantiser.PaddedDimension * sample.Bits / 8, quantiser.CodeBytes);
            float[] vector = [.. least.Zip(largest, (a, b) => a + ((b - a) * random.NextSingle()))];
            float[] decoded = new float[sample.Dimension];
            var code = new byte[quantiser.CodeBytes];
            fixed (float* v = vector, d = decoded)
            fixed (byte* c = code)
            {
                quantiser.Encode(v, c);
                quantiser.Decode(c, d);
            }

            for (int k = 0; k < sample.Dimension; k++)
                Assert.InRange(Math.Abs(vector[k] - decoded[k]), 0, (0.5001f * quantiser.Step[k]) + 1e-5f);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Scalar_codes_outside_the_bounds_take_the_nearest()
    {
        ScalarQuantiser quantiser = ScalarQuantiser.For(6, [0f, -1f], [1f, 1f]);
        float[] vector = [9f, -9f], decoded = new float[2];
        var code = new byte[quantiser.CodeBytes];
        fixed (float* v = vector, d = decoded)
        fixed (byte* c = code)
        {
            quantiser.Encode(v, c);
            quantiser.Decode(c, d);
        }

        Assert.Equal(1f, decoded[0], 1e-6);
        Assert.Equal(-1f, decoded[1], 1e-6);
        Assert.Throws<ArgumentException>(() => ScalarQuantiser.For(5, [0f], [1f]));
        Assert.Throws<ArgumentException>(() => ScalarQuantiser.For(8, [0f], [float.NaN]));
    }

    [Theory]
    [InlineData(8)]
    [InlineData(6)]
    [InlineData(4)]
    public void Scalar_queries_err_as_much_as_they_say(int bits)
    {
        const int dimension = 200, rows = 400;
        var random = new Random(bits);
        float[] data = KMeansTests.Floats(TestVectors.Random(random, DataType.FloatVector, dimension, rows));
        float[] least = [.. Enumerable.Repeat(-2f, dimension)], largest = [.. Enumerable.Repeat(2f, dimension)];
        ScalarQuantiser quantiser = ScalarQuantiser.For(bits, least, largest);
        var code = new byte[quantiser.CodeBytes];
        var wide = new byte[quantiser.PaddedDimension];
        var weights = new sbyte[quantiser.PaddedDimension];
        double squares = 0;
        int count = 0;
        fixed (float* d = data)
        fixed (byte* c = code, w = wide)
        fixed (sbyte* s = weights)
        {
            for (int q = 0; q < 20; q++)
            {
                float* query = d + (q * dimension);
                float spread = dimension * MathF.Pow(4, bits) / 12;
                ScalarQuery prepared = ScalarQuery.Of(quantiser, query, spread, s);
                for (int row = 20; row < rows; row++)
                {
                    quantiser.Encode(d + (row * dimension), c);
                    quantiser.Unpack(c, w);
                    int dot = CodeLanesPortable.Dot(w, s, quantiser.PaddedDimension);
                    double exact = Enumerable.Range(0, dimension).Sum(k => (double)query[k] * data[(row * dimension) + k]);
                    double error = (prepared.Offset + (prepared.Factor * dot) - exact) / prepared.Deviation;
                    Assert.InRange(Math.Abs(error), 0, 6);
                    squares += error * error;
                    count++;
                }
            }
        }

        Assert.InRange(squares / count, 0.6, 1.4);
    }

    [Fact]
    public void Product_codes_name_the_nearest_centroids_and_tables_give_their_products()
    {
        const int dimension = 24, rows = 900;
        float[] data = KMeansTests.Floats(TestVectors.Clustered(new Random(3), DataType.FloatVector, dimension, rows, 20));
        foreach ((int parts, int bits) in new[] { (1, 3), (6, 4), (24, 2), (8, 6) })
        {
            fixed (float* start = data)
            {
                ProductQuantiser quantiser = ProductQuantiser.Train(start, rows, dimension, parts, bits, 5, 2);
                float* origin = start;
                var codes = new ushort[rows * parts];
                float[] decoded = new float[dimension], table = new float[parts << bits];
                fixed (ushort* c = codes)
                fixed (float* d = decoded, t = table)
                {
                    quantiser.Encode(start, rows, c);
                    quantiser.Products(start, t);
                    for (int row = 0; row < rows; row += 30)
                    {
                        quantiser.Decode(c + (row * parts), d);
                        double own = 0, sum = 0;
                        for (int part = 0; part < parts; part++)
                        {
                            double best = Enumerable.Range(0, 1 << bits).Min(centroid => Far(origin + (row * dimension), quantiser, part, centroid));
                            Assert.Equal(best, Far(start + (row * dimension), quantiser, part, codes[(row * parts) + part]), 1e-4);
                            sum += table[(part << bits) + codes[(row * parts) + part]];
                        }

                        for (int k = 0; k < dimension; k++)
                            own += (double)data[k] * decoded[k];
                        Assert.Equal(own, sum, 1e-3);
                    }
                }
            }
        }
    }

    [Fact]
    public void More_bits_reconstruct_better()
    {
        const int dimension = 32, rows = 2000;
        float[] data = KMeansTests.Floats(TestVectors.Random(new Random(3), DataType.FloatVector, dimension, rows));
        double before = double.MaxValue;
        fixed (float* start = data)
        {
            foreach (int bits in new[] { 2, 4, 6, 8 })
            {
                ProductQuantiser quantiser = ProductQuantiser.Train(start, rows, dimension, 8, bits, 5);
                double cost = Cost(quantiser, start, data, rows);
                Assert.True(cost < before, $"{bits}: {cost} after {before}");
                before = cost;
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(9)]
    public void RaBitQ_estimates_without_bias_and_errs_as_much_as_it_says(int bits)
    {
        const int dimension = 160, rows = 1500;
        var random = new Random(bits);
        float[] data = KMeansTests.Floats(TestVectors.Random(random, DataType.FloatVector, dimension, rows));
        var quantiser = new RaBitQuantiser(dimension, bits, 11);
        float[] rotated = new float[quantiser.CodedDimension], query = new float[quantiser.CodedDimension];
        var code = new ushort[quantiser.CodedDimension];
        double bias = 0, squares = 0, size = 0;
        quantiser.Rotate(data.AsSpan(0, dimension), query);
        double length = Math.Sqrt(query.Sum(x => (double)x * x));
        fixed (float* r = rotated)
        fixed (ushort* c = code)
        {
            for (int row = 1; row < rows; row++)
            {
                quantiser.Rotate(data.AsSpan(row * dimension, dimension), rotated);
                RaBitTerms terms = quantiser.Encode(r, c);
                Assert.All(code, number => Assert.InRange(number, 0, (1 << bits) - 1));
                double product = Enumerable.Range(0, code.Length).Sum(k => (code[k] - quantiser.Centre) * (double)query[k]);
                double exact = Enumerable.Range(0, dimension).Sum(k => (double)data[k] * data[(row * dimension) + k]);
                double error = ((terms.Rescale * product) - exact) / (terms.Error * length);
                bias += error;
                squares += error * error;
                size += terms.Error / terms.Norm;
            }
        }

        // The mean of 1 500 estimates whose deviation is one is within four of its own deviations of zero.
        Assert.InRange(bias / rows, -4 / Math.Sqrt(rows), 4 / Math.Sqrt(rows));
        Assert.InRange(squares / rows, 0.7, 1.3);

        // Each bit more about halves the error; one bit has 0.75 / √D.
        Assert.InRange(size / rows * Math.Sqrt(dimension), 0, 0.9 * Math.Pow(0.6, bits - 1));
    }

    private static double Far(float* row, ProductQuantiser quantiser, int part, int centroid)
    {
        float* own = row + (part * quantiser.PartLength), other = quantiser.Centroids(part) + (centroid * quantiser.PartLength);
        double sum = 0;
        for (int k = 0; k < quantiser.PartLength; k++)
            sum += ((double)own[k] - other[k]) * ((double)own[k] - other[k]);
        return sum;
    }

    private static double Cost(ProductQuantiser quantiser, float* start, float[] data, int rows)
    {
        var codes = new ushort[rows * quantiser.Parts];
        var decoded = new float[quantiser.Dimension];
        double cost = 0;
        fixed (ushort* c = codes)
        fixed (float* d = decoded)
        {
            quantiser.Encode(start, rows, c);
            for (int row = 0; row < rows; row++)
            {
                quantiser.Decode(c + (row * quantiser.Parts), d);
                for (int k = 0; k < decoded.Length; k++)
                    cost += Math.Pow(decoded[k] - data[(row * decoded.Length) + k], 2);
            }
        }

        return cost;
    }
}
