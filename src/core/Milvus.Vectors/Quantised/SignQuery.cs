using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Milvus.Vectors;

/// <summary>
/// A rotated query as tables for <see cref="NibbleScan"/>: per four components the sums of all subsets of them, rounded to bytes by one
/// step. A scan's sum s stands for <c>Factor × s + Constant</c> = Σ ±query, the product of the query with a vector of signs.
/// </summary>
internal sealed unsafe class SignQuery
{
    private PinnedBuffer _tables = new(0);

    public byte* Tables => _tables.Pointer;

    public float Factor { get; private set; }

    public float Constant { get; private set; }

    /// <param name="vector">Components of the query, centred as the codes' nodes are.</param>
    /// <param name="width">A multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Set(float* vector, int width)
    {
        int groups = width / 4;
        if (_tables.Length < groups * NibbleScan.GroupBytes)
            _tables = new PinnedBuffer(groups * NibbleScan.GroupBytes);
        float range = 0, negatives = 0, all = 0;
        for (int i = 0; i < width; i += 16)
        {
            Vector512<float> part = Vector512.Load(vector + i);
            Vector512<float> sizes = Vector512.Abs(part);
            negatives += Vector512.Sum(Vector512.Min(part, Vector512<float>.Zero));
            all += Vector512.Sum(part);

            // Every four neighbouring lanes add up to one group's range.
            Vector512<float> pairs = sizes + Vector512.Shuffle(sizes, Vector512.Create(1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
            Vector512<float> fours = pairs + Vector512.Shuffle(pairs, Vector512.Create(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
            range = Math.Max(range, Math.Max(Math.Max(fours.GetElement(0), fours.GetElement(4)), Math.Max(fours.GetElement(8), fours.GetElement(12))));
        }

        float step = range > 0 && float.IsFinite(range) ? range / NibbleScan.LargestEntry(groups) : 1;
        Factor = 2 * step;
        Constant = (2 * negatives) - all;
        float scale = 1 / step;
        for (int group = 0; group < groups; group++)
        {
            float* part = vector + (4 * group);
            float a = part[0] * scale, b = part[1] * scale, c = part[2] * scale, d = part[3] * scale;
            float least = Math.Min(a, 0) + Math.Min(b, 0) + Math.Min(c, 0) + Math.Min(d, 0);
            Vector512<float> sums = (a * Vector512.Create(0f, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1))
                + (b * Vector512.Create(0f, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1))
                + (c * Vector512.Create(0f, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1))
                + (d * Vector512.Create(0f, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1))
                + Vector512.Create(0.5f - least);
            Store(Vector512.ConvertToInt32(sums), _tables.Pointer + (group * NibbleScan.GroupBytes));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<int> values, byte* target)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector128ByteWithSaturation(values.AsUInt32()).Store(target);
            return;
        }

        for (int i = 0; i < 16; i++)
            target[i] = (byte)Math.Min(255, values.GetElement(i));
    }
}
