namespace Milvus.Expressions;

/// <summary>
/// The reason why an expression is refused; <see cref="Filter"/> turns it into the client's error. Parsing and planning throw it so
/// that only one place knows the expression's text and use.
/// </summary>
internal sealed class FilterError(string reason) : Exception(reason)
{
    /// <summary>The reason already names the expression: it is not preceded by "cannot parse expression".</summary>
    public bool IsWholeMessage { get; init; }

    /// <summary>A failure that Milvus meets while executing, with its own code.</summary>
    public bool IsExecution { get; init; }
}
