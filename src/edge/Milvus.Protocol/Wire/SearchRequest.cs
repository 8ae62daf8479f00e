namespace Milvus.Protocol;

/// <summary>What the contract's code generator cannot know of searches: that many of them are alike.</summary>
public sealed partial class SearchRequest
{
    /// <summary>
    /// What the server remembers of searches like this one, in which case only names, vectors and guarantee timestamp are filled in here; null else. Not
    /// written, compared or copied by what the generator made.
    /// </summary>
    public object? Template { get; set; }
}
