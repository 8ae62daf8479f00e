namespace Milvus.Expressions;

/// <summary>When a filter asks indexes instead of reading columns. Answers do not depend on it.</summary>
public enum IndexUse
{
    /// <summary>Where that is expected to be faster.</summary>
    ByCost,

    /// <summary>Wherever an index can answer.</summary>
    Always,

    Never,
}
