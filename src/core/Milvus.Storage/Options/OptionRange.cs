namespace Milvus.Storage.Options;

/// <summary>Checks of options at their construction.</summary>
public static class OptionRange
{
    /// <summary>The value itself when it lies between two bounds, both of which it may be.</summary>
    /// <param name="name">Of the option.</param>
    /// <exception cref="ArgumentOutOfRangeException">It does not.</exception>
    public static T Within<T>(T value, T least, T most, string name)
        where T : IComparable<T>
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, least, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
        return value;
    }

    /// <summary>The same for a time in seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is shorter or longer.</exception>
    public static TimeSpan Seconds(TimeSpan value, double least, double most, string name) =>
        Within(value, TimeSpan.FromSeconds(least), TimeSpan.FromSeconds(most), name);
}
