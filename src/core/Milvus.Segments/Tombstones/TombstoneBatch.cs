using Milvus.Model;

namespace Milvus.Segments;

/// <summary>
/// Deletes by primary key: key i was deleted at <c>Times[i]</c>, which removes every row with that key inserted before that moment.
/// </summary>
public sealed class TombstoneBatch
{
    /// <exception cref="ArgumentException">Keys and times differ in number.</exception>
    public TombstoneBatch(PrimaryKeys keys, Timestamp[] times)
    {
        if (keys.Count != times.Length) throw new ArgumentException($"{keys.Count} keys but {times.Length} times", nameof(times));
        Keys = keys;
        Times = times;
    }

    public PrimaryKeys Keys { get; }

    public Timestamp[] Times { get; }

    public int Count => Times.Length;

    /// <summary>The same deletes, oldest first; this instance when they already are.</summary>
    public TombstoneBatch InTimeOrder()
    {
        var sorted = true;
        for (var i = 1; i < Times.Length && sorted; i++) sorted = Times[i - 1] <= Times[i];
        if (sorted) return this;
        var order = new int[Times.Length];
        var times = (Timestamp[])Times.Clone();
        for (var i = 0; i < order.Length; i++) order[i] = i;
        // Stable: equal times keep their order, so the same deletes always give the same bytes.
        Array.Sort(order, (a, b) => Times[a] != Times[b] ? Times[a].CompareTo(Times[b]) : a.CompareTo(b));
        for (var i = 0; i < order.Length; i++) times[i] = Times[order[i]];
        return new TombstoneBatch(Keys.Take(order), times);
    }
}
