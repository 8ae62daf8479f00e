namespace Milvus.Expressions.Matching;

/// <summary>A two-valued test of one text value. Immutable and thread-safe; what it needs to write on comes from the scratch.</summary>
internal abstract class TextTest
{
    /// <summary>Rough nanoseconds per value.</summary>
    public abstract int Cost { get; }

    /// <summary>Bytes that every matching value starts with; empty when there are none.</summary>
    public virtual byte[] Prefix => [];

    /// <summary>Runs of bytes that every matching value has somewhere; none when nothing is known.</summary>
    public virtual IReadOnlyList<byte[]> Literals => [];

    /// <param name="text">UTF-8. May lie in <see cref="FilterScratch.Text"/>.</param>
    public abstract bool IsMatch(ReadOnlySpan<byte> text, FilterScratch scratch);
}

/// <summary>Tests of whole values without wildcards between: equality, prefix, suffix, infix.</summary>
internal sealed class LiteralTest(LiteralTest.Shape shape, byte[] literal) : TextTest
{
    internal enum Shape
    {
        Equal,
        Prefix,
        Suffix,
        Infix,
    }

    public override int Cost => shape == Shape.Infix ? 12 : 5;

    /// <summary>Exactly the values that start with the prefix match.</summary>
    public bool IsPrefix => shape == Shape.Prefix;

    /// <summary>Exactly the prefix itself matches.</summary>
    public bool IsEquality => shape == Shape.Equal;

    public override IReadOnlyList<byte[]> Literals => literal.Length == 0 ? [] : [literal];

    public override byte[] Prefix => shape is Shape.Equal or Shape.Prefix ? literal : [];

    public override bool IsMatch(ReadOnlySpan<byte> text, FilterScratch scratch) => shape switch
    {
        Shape.Equal => text.SequenceEqual(literal),
        Shape.Prefix => text.StartsWith(literal),
        Shape.Suffix => text.EndsWith(literal),
        _ => text.IndexOf(literal) >= 0,
    };

    public override string ToString() => $"{shape.ToString().ToLowerInvariant()} \"{System.Text.Encoding.UTF8.GetString(literal)}\"";
}

/// <summary>A predicate of the text library.</summary>
internal sealed class AnalyzedTest(ITextMatcher matcher, string description) : TextTest
{
    public ITextMatcher Matcher => matcher;

    public override int Cost => 400;

    public override bool IsMatch(ReadOnlySpan<byte> text, FilterScratch scratch) => matcher.IsMatch(text);

    public override string ToString() => description;
}
