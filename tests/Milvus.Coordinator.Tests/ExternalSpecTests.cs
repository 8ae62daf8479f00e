using Milvus.Coordinator.External;
using Milvus.Model;

namespace Milvus.Coordinator.Tests;

/// <summary>Addresses of external files and the ways to read them.</summary>
public sealed class ExternalSpecTests
{
    private const string Keys = "\"access_key_id\":\"a\",\"access_key_value\":\"b\"";

    [Theory]
    [InlineData("s3://localhost:9000/bucket/a/b/", "aws", "localhost:9000", "bucket", "a/b")]
    [InlineData("s3://bucket/a/b/", "aws", "", "bucket", "a/b")]
    [InlineData("s3://bucket", "aws", "", "bucket", "")]
    [InlineData("s3://storage/bucket/a", "minio", "storage", "bucket", "a")]
    [InlineData("S3A://s3.eu-west-1.amazonaws.com/bucket/a", "aws", "s3.eu-west-1.amazonaws.com", "bucket", "a")]
    [InlineData("minio://host/bucket", "minio", "host", "bucket", "")]
    public void Addresses_name_a_bucket_and_a_path_in_it(string text, string provider, string endpoint, string bucket, string path)
    {
        var source = ExternalSource.Parse(text, provider);
        Assert.Equal((endpoint, bucket, path), (source.Endpoint, source.Bucket, source.Path));
    }

    [Theory]
    [InlineData("my-data/parquet/", "explicit scheme")]
    [InlineData("http://169.254.169.254/metadata", "scheme \"http\" is not allowed")]
    [InlineData("file:///tmp/data", "scheme \"file\" is not allowed")]
    [InlineData("s3://ak:sk@bucket/prefix", "must not embed credentials")]
    [InlineData("s3:///key", "non-empty host")]
    [InlineData("minio://host", "no bucket")]
    [InlineData("s3://b/k?x=y", "query")]
    [InlineData(" ", "is empty")]
    public void Other_addresses_are_refused(string text, string problem)
    {
        var e = Assert.Throws<MilvusException>(() => ExternalSource.Parse(text, ""));
        Assert.Equal(ErrorCode.InvalidParameter, e.Code);
        Assert.Contains("external_source", e.Message);
        Assert.Contains(problem, e.Message);
    }

    [Theory]
    [InlineData("{", "invalid external spec JSON")]
    [InlineData("[]", "not an object")]
    [InlineData("""{"format":"xml"}""", "unsupported format \"xml\"")]
    [InlineData("""{"format":"vortex"}""", "cannot be read by this server")]
    [InlineData("""{"extfs":{"password":"x"}}""", "extfs key \"password\" is not allowed")]
    [InlineData("""{"extfs":{"use_ssl":"yes"}}""", "must be \"true\" or \"false\"")]
    [InlineData("{}", "cloud_provider is required")]
    [InlineData("""{"extfs":{"cloud_provider":"nobody"}}""", "is not supported")]
    [InlineData("""{"extfs":{"cloud_provider":"AWS"}}""", "canonical lowercase")]
    [InlineData("""{"extfs":{"cloud_provider":"aws"}}""", "credential mode missing")]
    [InlineData("""{"extfs":{"cloud_provider":"aws","access_key_id":"a"}}""", "must be set together")]
    [InlineData("""{"extfs":{"cloud_provider":"aws","role_arn":"a","anonymous":"true"}}""", "mutually exclusive")]
    [InlineData("""{"extfs":{"cloud_provider":"aws","role_arn":"a"}}""", "extfs.region is required")]
    [InlineData("""{"extfs":{"cloud_provider":"azure","role_arn":"a","region":"r"}}""", "requires scheme=azure")]
    public void Ways_to_read_are_checked(string spec, string problem) =>
        Assert.Contains(problem, Assert.Throws<MilvusException>(() => ExternalSpec.Check("s3://bucket/key", spec)).Message);

    [Fact]
    public void Credentials_are_not_shown()
    {
        var spec = "{\"format\":\"json\",\"extfs\":{\"cloud_provider\":\"minio\",\"region\":\"r\"," + Keys + "},\"columns\":[\"x\"]}";
        Assert.Equal("json", ExternalSpec.Check("s3://h:1/b/k", spec).Spec.Format);
        Assert.Equal("""{"format":"json","extfs":{"cloud_provider":"minio","region":"r","access_key_id":"***","access_key_value":"***"},"columns":["x"]}""", ExternalSpec.Shown(spec));
        Assert.Equal("<invalid spec>", ExternalSpec.Shown("{"));
        Assert.Equal("", ExternalSpec.Shown(""));
    }
}
