using System.ComponentModel;
using System.Reflection;
using Xunit;
using Xunit.Abstractions;
using Xunit.Sdk;

namespace Milvus.TestKit.Requirements;

/// <summary>A fact of a specification: skipped in those of its test classes whose <see cref="RequirementAttribute"/> is not met.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("Milvus.TestKit.Requirements." + nameof(SpecificationFactDiscoverer), "Milvus.TestKit")]
public sealed class SpecificationFactAttribute : FactAttribute;

/// <summary>Makes test cases of <see cref="SpecificationFactAttribute"/>; called by xunit.</summary>
public sealed class SpecificationFactDiscoverer(IMessageSink diagnostics) : IXunitTestCaseDiscoverer
{
    public IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo factAttribute)
    {
        var requirement = (testMethod.TestClass.Class as IReflectionTypeInfo)?.Type.GetCustomAttribute<RequirementAttribute>();
        yield return new SpecificationTestCase(
            diagnostics, discoveryOptions.MethodDisplayOrDefault(), discoveryOptions.MethodDisplayOptionsOrDefault(), testMethod, requirement?.Missing);
    }
}

/// <summary>A test case that may have been found to lack something; it travels from discovery to execution as text.</summary>
public sealed class SpecificationTestCase : XunitTestCase
{
    private string? _missing;

    [EditorBrowsable(EditorBrowsableState.Never)]
    [Obsolete("Called when a test case is read back")]
    public SpecificationTestCase()
    {
    }

    public SpecificationTestCase(IMessageSink diagnostics, TestMethodDisplay display, TestMethodDisplayOptions options, ITestMethod method, string? missing)
        : base(diagnostics, display, options, method) => Lack(missing);

    public override void Serialize(IXunitSerializationInfo data)
    {
        base.Serialize(data);
        data.AddValue(nameof(_missing), _missing);
    }

    public override void Deserialize(IXunitSerializationInfo data)
    {
        base.Deserialize(data);
        Lack(data.GetValue<string>(nameof(_missing)));
    }

    private void Lack(string? missing)
    {
        _missing = missing;
        if (missing is not null)
            SkipReason = missing;
    }
}
