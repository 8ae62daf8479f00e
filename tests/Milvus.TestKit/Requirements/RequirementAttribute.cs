namespace Milvus.TestKit.Requirements;

/// <summary>On a test class: what its specification needs from the machine. Where that is missing, its tests are skipped with the reason.</summary>
[AttributeUsage(AttributeTargets.Class)]
public abstract class RequirementAttribute : Attribute
{
    /// <summary>What is missing, or null when nothing is.</summary>
    public abstract string? Missing { get; }
}
