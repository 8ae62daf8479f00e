using System.Globalization;
using System.Reflection;
using System.Reflection.Emit;

namespace Milvus.Hosting.Tests;

public sealed class BuildDetailsTests
{
    [Fact]
    public void A_program_tells_when_it_was_built()
    {
        var details = BuildDetails.Of(typeof(ApiHost).Assembly);
        Assert.True(DateTime.TryParseExact(details.Time, "ddd MMM d HH:mm:ss 'UTC' yyyy", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time));
        Assert.Equal(File.GetLastWriteTimeUtc(typeof(ApiHost).Assembly.Location).Date, time.Date);
    }

    [Theory]
    [InlineData("1.2.3+0a1b2c", "0a1b2c")]
    [InlineData("1.2.3", "")]
    public void The_commit_is_what_the_version_has_behind_its_plus(string version, string commit)
    {
        var attribute = new CustomAttributeBuilder(typeof(AssemblyInformationalVersionAttribute).GetConstructor([typeof(string)])!, [version]);
        Assert.Equal(commit, BuildDetails.Of(AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("some"), AssemblyBuilderAccess.Run, [attribute])).Commit);
    }
}
