namespace Milvus.Vectors.Tests.Quantisation;

public sealed class RandomRotationTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(100)]
    [InlineData(128)]
    [InlineData(768)]
    [InlineData(784)]
    [InlineData(1536)]
    public void Keeps_products(int dimension)
    {
        var rotation = new RandomRotation(dimension, 7);
        var random = new Random(dimension);
        Assert.Equal(0, rotation.PaddedDimension % 16);
        for (int round = 0; round < 5; round++)
        {
            float[] left = Vector(random, dimension), right = Vector(random, dimension);
            float[] a = Rotated(rotation, left), b = Rotated(rotation, right);
            Assert.Equal(Dot(left, left), Dot(a, a), 1e-4 * Dot(left, left));
            Assert.Equal(Dot(left, right), Dot(a, b), 1e-4 * Math.Sqrt(Dot(left, left) * Dot(right, right)));
        }
    }

    [Fact]
    public void Is_the_same_for_a_seed_and_another_for_another()
    {
        float[] vector = Vector(new Random(1), 200);
        Assert.Equal(Rotated(new RandomRotation(200, 3), vector), Rotated(new RandomRotation(200, 3), vector));
        Assert.NotEqual(Rotated(new RandomRotation(200, 3), vector), Rotated(new RandomRotation(200, 4), vector));
    }

    [Theory]
    [InlineData(96)]
    [InlineData(128)]
    [InlineData(768)]
    [InlineData(784)]
    public void Spreads_a_single_component_over_all(int dimension)
    {
        var rotation = new RandomRotation(dimension, 11);
        for (int component = 0; component < dimension; component += 37)
        {
            var vector = new float[dimension];
            vector[component] = 1;
            double largest = Rotated(rotation, vector).Max(Math.Abs);
            Assert.True(largest < 9 / Math.Sqrt(dimension), $"component {component}: {largest * Math.Sqrt(dimension)}");
        }
    }

    [Fact]
    public void Refuses_other_lengths()
    {
        var rotation = new RandomRotation(20, 1);
        Assert.Throws<ArgumentException>(() => rotation.Rotate(new float[19], new float[32]));
        Assert.Throws<ArgumentException>(() => rotation.Rotate(new float[20], new float[31]));
    }

    private static float[] Rotated(RandomRotation rotation, float[] vector)
    {
        var target = new float[rotation.PaddedDimension];
        rotation.Rotate(vector, target);
        return target;
    }

    private static float[] Vector(Random random, int dimension) => [.. Enumerable.Range(0, dimension).Select(_ => (float)((random.NextDouble() * 2) - 0.7))];

    private static double Dot(float[] left, float[] right) => left.Zip(right, (a, b) => (double)a * b).Sum();
}
