namespace Milvus.Vectors;

/// <summary>
/// A query's tables of sixteen numbers per group as bytes for <see cref="NibbleScan"/>: entry = round((number − least of its group) /
/// step), one step for all groups, as large as the sums' 16 bits allow. A sum of entries picked stands for offset + step × sum.
/// </summary>
/// <param name="Offset">The sum of the groups' least numbers.</param>
/// <param name="Step">What one unit of an entry is worth.</param>
/// <param name="Deviation">The standard deviation of a sum's rounding error.</param>
internal readonly record struct NibbleTables(float Offset, float Step, float Deviation)
{
    private const int Entries = NibbleScan.GroupBytes;

    /// <summary>Groups with those that only fill up.</summary>
    public static int Pad(int groups) => (groups + NibbleScan.GroupMultiple - 1) / NibbleScan.GroupMultiple * NibbleScan.GroupMultiple;

    /// <param name="numbers">groups × 16 numbers.</param>
    /// <param name="tables">Receives <see cref="Pad"/> × 16 bytes; groups that fill up are zero.</param>
    public static unsafe NibbleTables Of(float* numbers, int groups, byte* tables)
    {
        double offset = 0;
        float widest = 0;
        for (int group = 0; group < groups; group++)
        {
            (float least, float largest) = Range(numbers + (group * Entries));
            offset += least;
            widest = Math.Max(widest, largest - least);
        }

        float step = widest / NibbleScan.LargestEntry(Pad(groups));
        float inverse = step > 0 ? 1 / step : 0;
        for (int group = 0; group < groups; group++)
        {
            (float least, _) = Range(numbers + (group * Entries));
            for (int i = 0; i < Entries; i++)
                tables[(group * Entries) + i] = (byte)(((numbers[(group * Entries) + i] - least) * inverse) + 0.5f);
        }

        new Span<byte>(tables + (groups * Entries), (Pad(groups) - groups) * Entries).Clear();
        return new NibbleTables((float)offset, step, (float)(step * Math.Sqrt(groups / 12.0)));
    }

    private static unsafe (float Least, float Largest) Range(float* numbers)
    {
        float least = numbers[0], largest = numbers[0];
        for (int i = 1; i < Entries; i++)
        {
            least = Math.Min(least, numbers[i]);
            largest = Math.Max(largest, numbers[i]);
        }

        return (least, largest);
    }
}
