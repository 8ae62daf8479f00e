namespace Milvus.Expressions;

/// <summary>Buffers that evaluations reuse. Not thread-safe: one per thread, kept between evaluations to avoid allocation.</summary>
public sealed class FilterScratch
{
}
