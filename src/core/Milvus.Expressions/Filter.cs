using Milvus.Model;

namespace Milvus.Expressions;

/// <summary>Compiles filter expressions of the Milvus 3.0 language.</summary>
public static class Filter
{
    /// <summary>
    /// Parses, resolves names against the schema, checks types, folds constants and binds templates. An empty or blank text gives a plan
    /// that is always true.
    /// </summary>
    /// <param name="templates">Values of <c>{name}</c>; names that do not occur are ignored.</param>
    /// <exception cref="MilvusException">
    /// 1100, <c>failed to create query plan: cannot parse expression: {expression}, error: {reason}: invalid parameter</c>
    /// (<c>delete plan</c> for deletes).
    /// </exception>
    public static FilterPlan Compile(
        string expression,
        CollectionSchema schema,
        IReadOnlyDictionary<string, Literal>? templates = null,
        FilterUse use = FilterUse.Query,
        FilterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(expression);
        ArgumentNullException.ThrowIfNull(schema);
        if (string.IsNullOrWhiteSpace(expression)) return new FilterPlan { IsAlwaysTrue = true };
        throw new MilvusException(ErrorCode.Unimplemented, "filters are not supported yet");
    }
}
