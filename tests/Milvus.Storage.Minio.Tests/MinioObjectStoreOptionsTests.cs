namespace Milvus.Storage.Minio.Tests;

public sealed class MinioObjectStoreOptionsTests
{
    [Fact]
    public void The_secret_is_never_shown()
    {
        var options = new MinioObjectStoreOptions("http://minio:9000", "milvus", "key", "s3cr3t-word") { KeyPrefix = "prod/one" };

        Assert.Equal("MinioObjectStoreOptions { http://minio:9000/milvus/prod/one/, Region = us-east-1 }", options.ToString());
    }

    [Theory]
    [InlineData("minio:9000")]
    [InlineData("ftp://minio")]
    [InlineData("http://minio/path")]
    [InlineData("http://user:word@minio")]
    [InlineData("")]
    public void An_address_is_a_plain_URL(string endpoint) =>
        Assert.Throws<ArgumentException>(() => new MinioObjectStoreOptions(endpoint, "milvus", "key", "secret"));

    [Theory]
    [InlineData("ab")]
    [InlineData("Milvus")]
    [InlineData("a_b")]
    [InlineData("a..b")]
    [InlineData("-ab")]
    public void A_bucket_has_a_name_that_S3_takes(string bucket) =>
        Assert.Throws<ArgumentException>(() => new MinioObjectStoreOptions("http://minio", bucket, "key", "secret"));

    [Theory]
    [InlineData("../up")]
    [InlineData("/root")]
    [InlineData("a b")]
    public void A_prefix_could_stand_in_a_key(string prefix) =>
        Assert.Throws<ArgumentException>(() => new MinioObjectStoreOptions("http://minio", "milvus", "key", "secret") { KeyPrefix = prefix });
}
