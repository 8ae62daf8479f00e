using Milvus.Expressions.Matching;

namespace Milvus.Expressions;

/// <summary>What an expression is compiled for; decides how errors begin. The values are part of <see cref="FilterSourceCodec"/>: frozen.</summary>
public enum FilterUse
{
    /// <summary>Search and query: <c>failed to create query plan: …</c>.</summary>
    Query = 0,

    /// <summary>Delete: <c>failed to create delete plan: …</c>.</summary>
    Delete = 1,
}

/// <summary>Settings of one compilation. Two compilations with equal text, schema, templates and options give equal filters.</summary>
public sealed record FilterOptions
{
    public static readonly FilterOptions Default = new();

    /// <summary>Decides which rows random_sample keeps; give each request another one.</summary>
    public long SampleSeed { get; init; }

    /// <summary>IANA name of the zone of time literals without an offset.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>Makes the matchers of text_match and phrase_match.</summary>
    public ITextMatcherFactory TextMatchers { get; init; } = TextLibraryMatchers.Shared;
}
